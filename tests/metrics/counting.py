"""An actor that counts as vLLM's does: tags, a counter, a histogram named after vLLM's."""

import time

import ray
from ray.util.metrics import Counter, Histogram


@ray.remote(num_gpus=1)
class Serving:
    """Counts what it serves."""

    def __init__(self) -> None:
        self.served = Counter("served", description="Requests.", tag_keys=("model",))
        self.latency = Histogram(
            "vllm_e2e_request_latency_seconds", description="Latency.", boundaries=[0.1, 1.0]
        )

    def serve(self) -> None:
        """Count three requests and two latencies."""
        self.served.inc(3, tags={"model": 'a "model"\\'})
        self.latency.observe(0.05)
        self.latency.observe(2)


ray.init("auto")
serving = Serving.remote()
ray.get(serving.serve.remote())
print('{"counted": true}', flush=True)
time.sleep(600)
