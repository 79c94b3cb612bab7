"""The instants at which a slipwayd passes its kill points (base/kill_point.hpp): where the time of a run goes."""

import os
import tempfile
import threading
import time


class PointTrace:
    """Give `environment` to one slipwayd. Its points are stamped as they come, some tens of microseconds late."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="slipway-bench-")
        path = f"{self.folder.name}/points"
        os.mkfifo(path)
        self.environment = {"SLIPWAY_POINT_TRACE": path}
        self.passed = []  # (time.time(), point)
        self.thread = threading.Thread(target=self.read, args=[path], daemon=True)
        self.thread.start()

    def read(self, path):
        rest = b""
        with open(path, "rb", buffering=0) as pipe:
            while chunk := pipe.read(65536):
                now = time.time()
                *points, rest = (rest + chunk).split(b"\n")
                self.passed += [(now, point.decode()) for point in points]

    def first(self, point, since):
        """When `point` was first passed after `since`."""
        return next(moment for moment, name in self.passed if moment >= since and name == point)

    def spent(self, deed, since):
        """How long the first `deed` after `since` took, in seconds."""
        begun = self.first(f"before {deed}", since)
        return self.first(f"after {deed}", begun) - begun

    def close(self):
        self.thread.join(10)
        self.folder.cleanup()
