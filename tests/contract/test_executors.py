"""The built-in executors keep what an executor promises."""

import pytest

from mlnb.jobs.plugins.local import LocalExecutor
from mlnb.testing.executor_suite import ExecutorSuite


@pytest.mark.kernel
class TestLocal(ExecutorSuite):
    is_local = True

    @pytest.fixture
    def make_executor(self):
        return LocalExecutor
