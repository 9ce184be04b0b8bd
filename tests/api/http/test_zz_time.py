import time
from tests.api.http.test_unavailable import *
from tests.api.http.test_unavailable import _no_hooks
import api.http.graphql
async def test_time(behind, door, token):
    for read in ("true","false"):
        async def f(): door.stick()
        hooks["hook"]=f
        t=time.perf_counter(); a=await ask(behind, token, "{ viewer { id } hooked(read: %s) }"%read); print("read",read,a.status_code, time.perf_counter()-t)
        await door.open()
        assert await is_well(behind, token)
    door.stick()
    t=time.perf_counter(); a=await ask(behind, token); print("open",a.status_code, time.perf_counter()-t)
    t=time.perf_counter(); a=await ask(behind, token); print("open",a.status_code, time.perf_counter()-t)
