"""An actor with a name that prints a line, until somebody says to end."""

import json
import sys

import ray

ray.init()


@ray.remote
class Speaker:
    def speak(self):
        print("I am here", flush=True)


speaker = Speaker.options(name="speaker").remote()
ray.get(speaker.speak.remote())
print(json.dumps({"ready": True}), flush=True)
sys.stdin.readline()
