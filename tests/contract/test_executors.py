"""The built-in executors keep what an executor promises."""

import pytest

from mlnb.jobs.plugins.docker import DockerExecutor
from mlnb.jobs.plugins.local import LocalExecutor
from mlnb.testing.executor_suite import ExecutorSuite


@pytest.mark.kernel
class TestLocal(ExecutorSuite):
    is_local = True

    @pytest.fixture
    def make_executor(self):
        return LocalExecutor


@pytest.mark.docker
class TestDocker(ExecutorSuite):
    @pytest.fixture
    def make_executor(self):
        return DockerExecutor

    @pytest.fixture
    def options(self, docker_image):
        return {"image": docker_image}
