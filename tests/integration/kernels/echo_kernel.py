"""A kernel of another language: `say TEXT` shows it, `set NAME TEXT` keeps it, `get NAME` shows it, `fail` fails."""

from typing import ClassVar

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class EchoKernel(Kernel):
    implementation = "echo"
    implementation_version = "1"
    banner = "echo"
    language_info: ClassVar = {"name": "echo", "mimetype": "text/plain", "file_extension": ".txt"}

    def __init__(self, **given):
        super().__init__(**given)
        self.kept = {}

    async def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False, **_):
        for line in code.splitlines():
            verb, _space, rest = line.partition(" ")
            name, _space, text = rest.partition(" ")
            if verb == "set":
                self.kept[name] = text
            elif verb in ("say", "get") and not silent:
                shown = rest if verb == "say" else self.kept.get(name, "nothing")
                self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": shown + "\n"})
            elif verb == "fail":
                error = {"ename": "EchoError", "evalue": rest, "traceback": []}
                self.send_response(self.iopub_socket, "error", error)
                return {"status": "error", "execution_count": self.execution_count, **error}
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=EchoKernel)
