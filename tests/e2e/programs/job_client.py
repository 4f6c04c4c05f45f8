"""Ray's client of the job API, from a process that is no part of the cluster."""

import asyncio
import json
import sys
import time

from ray.job_submission import JobStatus, JobSubmissionClient


async def follow(client, job_id):
    return "".join([text async for text in client.tail_job_logs(job_id)])


def main(url):
    client = JobSubmissionClient(url)
    job_id = client.submit_job(
        entrypoint="echo one; sleep 0.5; echo two",
        metadata={"who": "me"},
        submission_id="from-python",
    )
    followed = asyncio.run(follow(client, job_id))
    details = client.get_job_info(job_id)
    try:
        client.submit_job(entrypoint="true", submission_id=job_id)
        again = ""
    except RuntimeError as error:
        again = str(error)
    running = client.submit_job(entrypoint="sleep 100")
    while client.get_job_status(running) == JobStatus.PENDING:
        time.sleep(0.05)
    stopped = client.stop_job(running)
    while not client.get_job_status(running).is_terminal():
        time.sleep(0.05)
    print(
        json.dumps(
            {
                "id": job_id,
                "version": client.get_version(),
                "followed": followed,
                "logs": client.get_job_logs(job_id),
                "status": details.status,
                "metadata": details.metadata,
                "again": again,
                "listed": sorted(job.submission_id for job in client.list_jobs()),
                "stopped": [stopped, client.get_job_status(running), client.stop_job(running)],
                "deleted": client.delete_job(job_id),
                "left": [job.submission_id for job in client.list_jobs()] == [running],
            }
        ),
        flush=True,
    )


main(sys.argv[1])
