"""What `_api.py` leaves out for its length: members of classes, and modules of plain lists.

The same states and notes hold. Public members of each class are exactly those listed here; of what
Ray keeps private (a leading underscore), what programs use all the same.
"""

from __future__ import annotations

W, A, R = "works", "accepts", "refuses"
_GRAPH = "compiled graphs are not there"

Entries = dict[str, tuple[str, str]]


def _works(names: str) -> Entries:
    return dict.fromkeys(names.split(), (W, ""))


_ID = "binary from_binary hex is_nil nil size"

# By the class's full name.
MEMBERS: dict[str, Entries] = {
    "ray.ObjectRef": _works(
        f"{_ID} as_future from_hex from_random future job_id task_id _on_completed "
        "call_site owner_address"
    ),
    "ray.ObjectRefGenerator": _works(
        "aclose asend athrow close completed is_finished next_ready send throw"
    ),
    "ray.RayContext": {
        **_works("address_info dashboard_url disconnect get items keys python_version"),
        **_works("ray_commit ray_version values"),
    },
    "ray.ActorID": _works(f"{_ID} SIZE from_hex from_random job_id of"),
    "ray.JobID": _works(f"{_ID} SIZE from_hex from_int from_random int"),
    "ray.NodeID": _works(f"{_ID} SIZE from_hex from_random"),
    "ray.PlacementGroupID": _works(f"{_ID} SIZE from_hex from_random of"),
    "ray.actor.ActorClass": _works("bind options remote _remote"),
    "ray.actor.ActorHandle": _works("_actor_id __ray_call__ __ray_ready__ __ray_terminate__"),
    "ray.actor.ActorMethod": _works("bind options remote _remote"),
    "ray.dag.DAGNode": {
        **_works("execute get_args get_kwargs"),
        "experimental_compile": (R, _GRAPH),
        "with_tensor_transport": (R, _GRAPH),
    },
    "ray.job_config.JobConfig": _works("set_metadata set_ray_namespace set_runtime_env"),
    "ray.remote_function.RemoteFunction": _works("bind options remote _remote _function"),
    "ray.runtime_context.RuntimeContext": _works(
        "actor_id current_actor current_placement_group_id gcs_address get get_accelerator_ids "
        "get_actor_id get_actor_name get_assigned_resources get_job_id get_node_id "
        "get_node_labels get_placement_group_id get_resource_ids get_runtime_env_string "
        "get_session_name get_task_function_name get_task_id get_task_name get_temp_dir "
        "get_worker_id is_canceled job_id namespace node_id runtime_env "
        "should_capture_child_tasks_in_placement_group task_id was_current_actor_reconstructed"
    ),
    "ray.job_submission.JobSubmissionClient": {
        **_works(
            "delete_job get_address get_job_info get_job_logs get_job_status get_version "
            "list_jobs stop_job submit_job tail_job_logs"
        ),
        "prepare_runtime_env": (W, "beam's own: a runtime environment as it is submitted"),
    },
    "ray.util.actor_pool.ActorPool": _works(
        "get_next get_next_unordered has_free has_next map map_unordered pop_idle push submit"
    ),
    "ray.util.metrics.Counter": _works("inc info set_default_tags"),
    "ray.util.metrics.Gauge": _works("info set set_default_tags"),
    "ray.util.metrics.Histogram": _works("info observe set_default_tags"),
    "ray.util.placement_group.PlacementGroup": _works(
        "bundle_count bundle_specs empty id is_empty ready wait"
    ),
    "ray.util.multiprocessing.Pool": _works(
        "apply apply_async close imap imap_unordered join map map_async starmap starmap_async "
        "terminate"
    ),
    "ray.util.queue.Queue": _works(
        "actor empty full get get_async get_nowait get_nowait_batch maxsize put put_async "
        "put_nowait put_nowait_batch qsize shutdown size"
    ),
}

_STATES = "ActorState JobState NodeState PlacementGroupState"

# Modules without a row for each name in docs/api.md: all of theirs works.
OTHER_MODULES: dict[str, Entries] = {
    "ray.cloudpickle": _works(
        "CloudPickler Pickler dump dumps load loads register_pickle_by_value "
        "unregister_pickle_by_value"
    ),
    "ray.exceptions": _works(
        "ActorAlreadyExistsError ActorDiedError ActorHandleNotFoundError "
        "ActorPlacementGroupRemoved ActorUnavailableError ActorUnschedulableError "
        "AsyncioActorExit AuthenticationError CrossLanguageError GetTimeoutError "
        "LocalRayletDiedError NodeDiedError ObjectFetchTimedOutError ObjectFreedError "
        "ObjectLostError ObjectReconstructionFailedError ObjectRefStreamEndOfStreamError "
        "ObjectStoreFullError OufOfBandObjectRefSerializationException OutOfDiskError "
        "OutOfMemoryError OwnerDiedError PendingCallsLimitExceeded PlasmaObjectNotAvailable "
        "RAY_EXCEPTION_TYPES RayActorError RayCgraphCapacityExceeded RayChannelError "
        "RayChannelTimeoutError RayDirectTransportError RayError RaySystemError RayTaskError "
        "ReferenceCountingAssertionError RpcError RuntimeEnvSetupError "
        "StreamingGeneratorReplayInconsistentError TaskCancelledError "
        "TaskPlacementGroupRemoved TaskUnschedulableError UnserializableException "
        "UserCodeException WorkerCrashedError"
    ),
    "ray._private.ray_constants": _works(
        "DEFAULT_MAX_CONCURRENCY_ASYNC DEFAULT_PORT DEFAULT_TASK_MAX_RETRIES "
        "RAY_ADDRESS_ENVIRONMENT_VARIABLE RAY_ENV_VAR_NAMESPACE"
    ),
    "ray._private.runtime_env.constants": _works("RAY_JOB_CONFIG_JSON_ENV_VAR"),
    "ray._private.runtime_env.nsight": _works("NSIGHT_DEFAULT_CONFIG parse_nsight_config"),
    "ray._private.runtime_env.packaging": _works(
        "GCS_STORAGE_MAX_SIZE Protocol create_package get_local_dir_from_uri "
        "get_uri_for_directory get_uri_for_file get_uri_for_package is_jar_uri is_path "
        "is_tar_gz_uri is_whl_uri is_zip_uri package_exists parse_path parse_uri untar_package "
        "unzip_package upload_package_if_needed upload_package_to_gcs"
    ),
    "ray._private.runtime_env.py_modules": _works("upload_py_modules_if_needed"),
    "ray._private.runtime_env.working_dir": _works("upload_working_dir_if_needed"),
    "ray.runtime_env.runtime_env": _works("RuntimeEnv RuntimeEnvConfig"),
    "ray.scripts.scripts": _works("main"),
    "ray.dag.class_node": _works("ClassMethodNode ClassNode"),
    "ray.dag.dag_node": _works("DAGNode"),
    "ray.dag.function_node": _works("FunctionNode"),
    "ray.dag.input_node": _works("DAGInputData InputAttributeNode InputNode"),
    "ray.dag.output_node": _works("MultiOutputNode"),
    "ray.util.accelerators": _works(
        "NVIDIA_TESLA_V100 NVIDIA_TESLA_P100 NVIDIA_TESLA_T4 NVIDIA_TESLA_P4 NVIDIA_TESLA_K80 "
        "NVIDIA_TESLA_A10G NVIDIA_L4 NVIDIA_L40S NVIDIA_A100 NVIDIA_H100 NVIDIA_H200 "
        "NVIDIA_H20 NVIDIA_B200 NVIDIA_B300 NVIDIA_GB200 NVIDIA_GB300 NVIDIA_RTX_PRO_6000 "
        "NVIDIA_A100_40G NVIDIA_A100_80G INTEL_MAX_1550 INTEL_MAX_1100 INTEL_GAUDI "
        "AMD_INSTINCT_MI100 AMD_INSTINCT_MI250x AMD_INSTINCT_MI250 AMD_INSTINCT_MI210 "
        "AMD_INSTINCT_MI300A AMD_INSTINCT_MI300x AMD_INSTINCT_MI300x_HF AMD_INSTINCT_MI308x "
        "AMD_INSTINCT_MI325x AMD_INSTINCT_MI350x AMD_INSTINCT_MI355x "
        "AMD_RADEON_R9_200_HD_7900 AMD_RADEON_HD_7900 AWS_NEURON_CORE GOOGLE_TPU_V2 "
        "GOOGLE_TPU_V3 GOOGLE_TPU_V4 GOOGLE_TPU_V5P GOOGLE_TPU_V5LITEPOD GOOGLE_TPU_V6E "
        "GOOGLE_TPU_V7X HUAWEI_NPU_910B HUAWEI_NPU_910B4 METAX_C500 METAX_C550 FURIOSA_RNGD "
        "APPLE_M1 APPLE_M1_PRO APPLE_M1_MAX APPLE_M1_ULTRA APPLE_M2 APPLE_M2_PRO APPLE_M2_MAX "
        "APPLE_M2_ULTRA APPLE_M3 APPLE_M3_PRO APPLE_M3_MAX APPLE_SILICON MOBILINT_ARIES "
        "MOBILINT_REGULUS NVIDIA_TESLA_A100"
    ),
    "ray.util.check_serialize": _works("FailureTuple inspect_serializability"),
    "ray.util.debug": _works(
        "disable_log_once_globally enable_periodic_logging log_once reset_log_once"
    ),
    "ray.util.helpers": _works("as_completed map_unordered"),
    "ray.util.serialization": _works("deregister_serializer register_serializer"),
    "ray.util.collective.collective_group": _works(""),
    "ray.util.collective.collective_group.base_collective_group": _works("BaseGroup"),
    "ray.util.collective.types": _works(
        "AllGatherOptions AllReduceOptions Backend BarrierOptions BroadcastOptions RecvOptions "
        "ReduceOp ReduceOptions ReduceScatterOptions SendOptions unset_timeout_ms"
    ),
    "ray.util.state.common": _works(
        f"{_STATES} DEFAULT_LIMIT DEFAULT_LOG_LIMIT DEFAULT_RPC_TIMEOUT ActorSummaries "
        "ActorSummaryPerClass ClusterEventState GetApiOptions Humanify ListApiOptions ObjectState "
        "ObjectSummaries ObjectSummaryPerKey PredicateType RAY_MAX_LIMIT_FROM_API_SERVER "
        "RAY_MAX_LIMIT_FROM_DATA_SOURCE RuntimeEnvState StateResource StateSchema "
        "SummaryApiOptions SummaryResource SupportedFilterType TaskState TaskSummaries "
        "TaskSummaryPerFuncOrClassName WorkerState resource_to_schema state_column"
    ),
    "ray.util.state.exception": _works("DataSourceUnavailable RayStateApiException"),
}

# Modules that hold what another one holds, under their former names.
SAME_MODULES = {"ray.experimental.state.api": "ray.util.state"}

# Ray's own for its tests and its developers; those without effect say nothing.
_NOT_NEEDED = (A, "has no effect here")
PRIVATE_INIT_ARGUMENTS: Entries = {
    "_node_ip_address": (W, ""),
    "_node_name": (W, ""),
    "_memory": (W, ""),
    "_cluster_id": _NOT_NEEDED,
    "_driver_object_store_memory": _NOT_NEEDED,
    "_enable_object_reconstruction": _NOT_NEEDED,
    "_lru_evict": _NOT_NEEDED,
    "_metrics_export_port": _NOT_NEEDED,
    "_object_spilling_directory": _NOT_NEEDED,
    "_plasma_directory": _NOT_NEEDED,
    "_redis_max_memory": _NOT_NEEDED,
    "_redis_password": _NOT_NEEDED,
    "_redis_username": _NOT_NEEDED,
    "_skip_env_hook": _NOT_NEEDED,
    "_system_config": _NOT_NEEDED,
    "_temp_dir": _NOT_NEEDED,
    "_tracing_startup_hook": _NOT_NEEDED,
}

# Of what works: why its arguments are not those of Ray in tests/python/ray_signatures.json.
_MADE_HERE = (W, "programs get one, they do not make one; its constructor is beam's own")
_LOOSE = (W, "takes whatever Ray's takes, and does nothing with it")
SIGNATURES: Entries = {
    "ray.dag.ClassMethodNode": _MADE_HERE,
    "ray.dag.ClassNode": _MADE_HERE,
    "ray.dag.DAGNode": _MADE_HERE,
    "ray.dag.FunctionNode": _MADE_HERE,
    "ray.dag.InputAttributeNode": _MADE_HERE,
    "ray.dag.InputNode": (W, "takes no arguments, which are for Ray Serve in Ray"),
    "ray.dag.MultiOutputNode": (W, "takes the nodes alone"),
    "ray.dag.DAGNode.execute": (W, "takes no private arguments"),
    "ray.ActorID.of": (W, "takes the job alone"),
    "ray.actor.ActorHandle": _MADE_HERE,
    "ray.actor.ActorMethod": _MADE_HERE,
    "ray.actor.ActorProxy": _MADE_HERE,
    "ray.actor.ActorMethod._remote": (W, "takes the options of methods as `**options`"),
    "ray.experimental.tqdm_ray.tqdm": (W, "takes further arguments of tqdm, without effect"),
    "ray.job_config.JobConfig": (W, "without those for other languages and Ray Client"),
    "ray.remote_function.RemoteFunction": _MADE_HERE,
    "ray.remote_function.RemoteFunction._remote": (W, "without a private argument"),
    "ray.runtime_context.RuntimeContext": _MADE_HERE,
    "ray.types.ObjectRef": _MADE_HERE,
    "ray.util.annotations.Deprecated": _LOOSE,
    "ray.util.annotations.DeveloperAPI": _LOOSE,
    "ray.util.annotations.PublicAPI": _LOOSE,
}
