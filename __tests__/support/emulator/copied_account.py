"""
Adds to moto what AWS does not have: a copy of the whole account, at another port, in the state that it has now. An apply
that takes a minute is then done once for all tests, and each of them has an account of its own all the same.
POST /quickturn/copy answers {"pid", "port"}. The copy is a forked process; SIGTERM ends it, and so does the end of this one.
"""
import json
import os
import signal
import stat
import threading
import time

from werkzeug import serving

serve, make_server = serving.run_simple, serving.make_server

# Two at once would hold each other's pipes open.
one_at_a_time = threading.Lock()


def run_simple(host, port, app, **options):
    # Nobody waits for a copy that has ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    serve(host, port, with_copies(host, app), **options)


def with_copies(host, app):
    def answer(environ, start_response):
        if environ["PATH_INFO"] != "/quickturn/copy":
            return app(environ, start_response)
        start_response("200 OK", [("content-type", "application/json")])
        with one_at_a_time:
            return [json.dumps(copy(host, environ["SERVER_PORT"], app)).encode()]

    return answer


def copy(host, port, app):
    reader, writer = os.pipe()
    original = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            become_copy(host, port, app, original, writer)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        return {"pid": pid, "port": int(told.read())}


def become_copy(host, port, app, original, writer):
    let_go_of_inherited_sockets()
    server = make_server(host, 0, app, threaded=True)
    move_addresses(f"{host}:{port}", f"{host}:{server.port}")
    os.write(writer, str(server.port).encode())
    os.close(writer)
    threading.Thread(target=end_with, args=(original,), daemon=True).start()
    server.serve_forever()


def let_go_of_inherited_sockets():
    """
    They lead nowhere from now on, and their numbers stay taken: objects of threads that are not here any more still own
    them, and would otherwise close whichever connection had got the number by then.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in map(int, os.listdir("/dev/fd")):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.dup2(nowhere, descriptor)
        except OSError:
            pass  # It was the listing's own.
    os.close(nowhere)


def move_addresses(old, new):
    """A queue's URL names the port. The functions have it in their environment."""
    from moto.awslambda.models import lambda_backends

    for account in lambda_backends.values():
        for backend in account.values():
            for function in backend.list_functions("ALL"):
                variables = function.environment_vars
                variables.update({name: value.replace(old, new) for name, value in variables.items()})


def end_with(original):
    while os.getppid() == original:
        time.sleep(1)
    os._exit(0)


serving.run_simple = run_simple
