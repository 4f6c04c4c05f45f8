import assert from "assert";
import type { JobDetails } from "../dashboard/jobs_api.ts";
import { addressLine, bigText, listText, statusText } from "./job_text.ts";

const job: JobDetails = {
  type: "SUBMISSION",
  job_id: "01000000",
  submission_id: "mine",
  driver_info: { id: "01000000", node_ip_address: "10.0.0.1", pid: "7" },
  status: "RUNNING",
  entrypoint: "echo 'it''s'",
  message: "Job is currently running.",
  error_type: null,
  start_time: 1,
  end_time: null,
  metadata: {},
  runtime_env: { env_vars: { A: "a\nb" }, pip: ["x"], eager: true },
  driver_agent_http_address: null,
  driver_node_id: null,
  driver_exit_code: null,
};

Deno.test("each status is told in Ray's words", () => {
  const text = (status: JobDetails["status"], message: string | null = null) =>
    statusText("mine", { ...job, status, message });
  assert.equal(
    text("SUCCEEDED"),
    "\n--------------------\nJob 'mine' succeeded\n--------------------\n",
  );
  assert.equal(text("STOPPED"), "Job 'mine' was stopped");
  assert.equal(
    text("FAILED", "because"),
    "\n-----------------\nJob 'mine' failed\n-----------------\n\nStatus message: because",
  );
  assert.equal(text("PENDING", "waits"), "Status for job 'mine': PENDING\nStatus message: waits");
  assert.equal(bigText("ab"), "\n--\nab\n--\n");
});

Deno.test("a list is what Python shows of the records", () => {
  assert.equal(listText([]), "[]");
  assert.equal(
    listText([job]),
    "[JobDetails(type=<JobType.SUBMISSION: 'SUBMISSION'>, job_id='01000000', submission_id='mine', " +
      "driver_info=DriverInfo(id='01000000', node_ip_address='10.0.0.1', pid='7'), " +
      "status=<JobStatus.RUNNING: 'RUNNING'>, entrypoint=\"echo 'it''s'\", " +
      "message='Job is currently running.', error_type=None, start_time=1, end_time=None, " +
      "metadata={}, runtime_env={'env_vars': {'A': 'a\\nb'}, 'pip': ['x'], 'eager': True}, " +
      "driver_agent_http_address=None, driver_node_id=None, driver_exit_code=None)]",
  );
});

Deno.test("a password in an address is not shown", () => {
  assert.equal(
    addressLine("http://me:secret@h:8265"),
    "Job submission server address: http://me:***@h:8265",
  );
});
