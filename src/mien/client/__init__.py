"""Another Mien's server, from Python: `mien.Client("http://host:8600").speak("astronaut", text="Hello").wait().save("out.mp4")`."""

from mien.client.client import Client
from mien.client.job import Job
from mien.jobs.request import JobEvent

__all__ = ["Client", "Job", "JobEvent"]
