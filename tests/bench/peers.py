"""A task of the benchmark in PyTorch or JAX, float32 without TF32.

python3 tests/bench/peers.py ENGINE FOLDER, where the engine is pytorch-eager, pytorch-compile,
pytorch-cuda-graphs, jax-jit, jax-scan or jax-vmap, and the folder holds what task.ts wrote. It speaks
as engine.ts says: a line with the first losses, then the seconds of as many updates as each line of
stdin asks for, or the error where the line says so.
"""

import json
import os
import re
import sys
import time

START = time.perf_counter()
COMPARED_UPDATES = 4
MEASURED_MINIBATCHES = 10
TOLERANCE = 0.04

import numpy as np  # noqa: E402


def read_task(folder):
    """The task, its parameters, and its minibatches with their targets, as float32 arrays."""
    with open(os.path.join(folder, "task.json"), encoding="utf-8") as file:
        task = json.load(file)

    def floats(name):
        return np.fromfile(os.path.join(folder, name + ".bin"), dtype="<f4")

    ends = np.cumsum([int(np.prod(shape)) for shape in task["shapes"]])
    pieces = np.split(floats("parameters"), ends[:-1])
    parameters = [piece.reshape(shape) for piece, shape in zip(pieces, task["shapes"])]
    count, batch = task["minibatches"], task["batchSize"]
    if task["kind"] == "autoencoder":
        inputs = floats("inputs").reshape(count, batch, -1)
        return task, parameters, inputs, inputs
    inputs = floats("inputs").reshape(count, task["steps"], batch, -1)
    return task, parameters, inputs, floats("targets").reshape(count, batch, -1)


def make_outputs(task, ops):
    """The output units of a minibatch, before a sigmoid, written once for both libraries."""

    def autoencoder(parameters, x):
        layers = len(parameters) // 2
        y = x
        for i in range(layers):
            z = y @ parameters[2 * i] + parameters[2 * i + 1]
            y = z if i in (layers - 1, layers // 2 - 1) else ops["sigmoid"](z)
        return y

    def recurrent(parameters, x):
        v, w, b, u, c = parameters
        return ops["recurrence"](x @ v + b, w) @ u + c

    return autoencoder if task["kind"] == "autoencoder" else recurrent


def is_logistic(task):
    return task["kind"] == "autoencoder" and task["loss"] == "cross-entropy"


def make_loss(task, ops):
    """The loss of the parameters on a minibatch."""
    outputs = make_outputs(task, ops)

    def loss(parameters, x, targets):
        z = outputs(parameters, x)
        losses = ops["softplus"](z) - z * targets if is_logistic(task) else (z - targets) ** 2
        return losses.sum() / task["batchSize"]

    return loss


def make_error(task, ops):
    """The error of the parameters on a minibatch; see task.ts."""
    outputs = make_outputs(task, ops)

    def error(parameters, x, targets):
        z = outputs(parameters, x)
        difference = (ops["sigmoid"](z) if is_logistic(task) else z) - targets
        if task["kind"] == "autoencoder":
            return (difference**2).sum() / task["batchSize"]
        return (abs(difference) > TOLERANCE).sum() / task["batchSize"]

    return error


class PyTorch:
    """Nesterov's accelerated gradient on phi = theta + mu v, in place; several networks by vmap."""

    def __init__(self, way, task, parameters, inputs, targets):
        import torch

        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.set_float32_matmul_precision("highest")
        self.torch, self.way, self.task = torch, way, task
        device = "cuda" if torch.cuda.is_available() else "cpu"
        if way == "cuda-graphs" and device == "cpu":
            raise RuntimeError("CUDA graphs need a CUDA device")
        networks = task["replicas"]
        if networks > 1:
            parameters = [np.stack([p] * networks) for p in parameters]
        alone = networks == 1
        self.phi = [torch.tensor(p, device=device, requires_grad=alone) for p in parameters]
        self.velocity = [torch.zeros_like(p) for p in self.phi]
        self.inputs = torch.tensor(inputs, device=device)
        self.targets = torch.tensor(targets, device=device)
        self.index = torch.zeros(1, dtype=torch.long, device=device)
        loss = make_loss(task, self.operations())
        if networks > 1:
            gradient = torch.func.vmap(torch.func.grad_and_value(loss), in_dims=(0, None, None))
            self.gradient = torch.compile(gradient) if way == "compile" else gradient
        else:
            self.loss_of = torch.compile(loss) if way == "compile" else loss
            self.gradient = self.gradient_alone
        self.graph = None
        self.loss = None

    def operations(self):
        torch = self.torch

        def recurrence(drives, w):
            # At once: an index a step would make its gradient a sum of T tensors of all steps.
            first, *others = drives.unbind(0)
            h = torch.tanh(first)
            for drive in others:
                h = torch.tanh(drive + h @ w)
            return h

        return {
            "sigmoid": torch.sigmoid,
            "softplus": torch.nn.functional.softplus,
            "recurrence": recurrence,
        }

    def gradient_alone(self, phi, x, targets):
        loss = self.loss_of(phi, x, targets)
        return self.torch.autograd.grad(loss, phi), loss

    def update(self):
        torch = self.torch
        rate, momentum = self.task["learningRate"], self.task["momentum"]
        x = self.inputs.index_select(0, self.index)[0]
        targets = self.targets.index_select(0, self.index)[0]
        gradients, loss = self.gradient(self.phi, x, targets)
        with torch.no_grad():
            torch._foreach_add_(self.phi, self.velocity, alpha=-momentum)
            torch._foreach_mul_(self.velocity, momentum)
            torch._foreach_add_(self.velocity, gradients, alpha=-rate)
            torch._foreach_add_(self.phi, self.velocity, alpha=1 + momentum)
            self.index.add_(1).remainder_(len(self.inputs))
        return loss.detach()

    def capture(self):
        """Records one update; the updates that warm up before it are taken back."""
        torch = self.torch
        state = [*self.phi, *self.velocity, self.index]
        saved = [tensor.detach().clone() for tensor in state]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.update()
        torch.cuda.current_stream().wait_stream(stream)
        with torch.no_grad():
            for tensor, value in zip(state, saved):
                tensor.copy_(value)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.loss = self.update()

    def advance(self):
        if self.way != "cuda-graphs":
            self.loss = self.update()
            return
        if self.graph is None:
            self.capture()
        self.graph.replay()

    def step(self):
        self.advance()
        return self.loss.reshape(-1)[0].item()

    def run(self, count):
        for _ in range(count):
            self.advance()
        self.loss.reshape(-1)[0].item()

    def error(self):
        error = make_error(self.task, self.operations())
        with self.torch.no_grad():
            theta = [p - self.task["momentum"] * v for p, v in zip(self.phi, self.velocity)]
            measured = zip(self.inputs[:MEASURED_MINIBATCHES], self.targets)
            return float(np.mean([error(theta, x, wanted).item() for x, wanted in measured]))


class Jax:
    """A jitted update; `scan` loops over updates on the device, `vmap` over networks besides."""

    def __init__(self, way, task, parameters, inputs, targets):
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_default_matmul_precision", "highest")
        self.jax, self.way, self.task = jax, way, task
        loss = make_loss(task, self.operations())
        rate, momentum = task["learningRate"], task["momentum"]
        inputs, targets = jnp.asarray(inputs), jnp.asarray(targets)
        self.measured = list(zip(inputs[:MEASURED_MINIBATCHES], targets))

        def update(state, index):
            phi, velocity = state
            x, wanted = inputs[index % len(inputs)], targets[index % len(inputs)]
            value, gradients = jax.value_and_grad(loss)(phi, x, wanted)
            following = [momentum * v - rate * g for v, g in zip(velocity, gradients)]
            phi = [
                p - momentum * v + (1 + momentum) * n
                for p, v, n in zip(phi, velocity, following)
            ]
            return (phi, following), value

        if way == "vmap":
            update = jax.vmap(update, in_axes=(0, None))
            parameters = [np.stack([p] * task["replicas"]) for p in parameters]
        phi = [jnp.asarray(p) for p in parameters]
        self.state = (phi, [jnp.zeros_like(p) for p in phi])
        self.one = jax.jit(update, donate_argnums=0)

        def many(state, first, count):
            return jax.lax.scan(update, state, first + jnp.arange(count))

        self.many = jax.jit(many, static_argnums=2, donate_argnums=0)
        self.done = 0

    def operations(self):
        jax = self.jax
        jnp = jax.numpy

        def recurrence(drives, w):
            def next_state(h, drive):
                return jnp.tanh(drive + h @ w), None

            return jax.lax.scan(next_state, jnp.tanh(drives[0]), drives[1:])[0]

        return {
            "sigmoid": jax.nn.sigmoid,
            "softplus": jax.nn.softplus,
            "recurrence": recurrence,
        }

    def step(self):
        self.state, loss = self.one(self.state, self.done)
        self.done += 1
        return float(loss.reshape(-1)[0])

    def run(self, count):
        if self.way == "jit":
            for _ in range(count):
                self.state, loss = self.one(self.state, self.done)
                self.done += 1
        else:
            self.state, loss = self.many(self.state, self.done, count)
            self.done += count
        loss.block_until_ready()

    def error(self):
        error = self.jax.jit(make_error(self.task, self.operations()))
        theta = [p - self.task["momentum"] * v for p, v in zip(*self.state)]
        return float(np.mean([float(error(theta, x, wanted)) for x, wanted in self.measured]))


def library_of_products():
    """The BLAS that the process has loaded, as far as its name tells; None where there is none."""
    try:
        with open("/proc/self/maps", encoding="utf-8") as file:
            maps = file.read()
    except OSError:
        return "unknown BLAS"
    for name in ("openblas", "mkl", "blis", "atlas"):
        if re.search(rf"/[^/\n]*{name}[^/\n]*\.so", maps):
            return name
    return "slow reference BLAS" if re.search(r"/libblas[^/\n]*\.so", maps) else None


def note_of(library, trainer):
    """What the products of an engine on the CPU run on, and in how many threads."""
    if library == "jax":
        return trainer.jax.default_backend()
    torch = trainer.torch
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    blas = library_of_products() or "BLAS of its own"
    return f"{blas}, {torch.get_num_threads()} threads"


def main(engine, folder):
    library, way = engine.split("-", 1)
    trainer = {"pytorch": PyTorch, "jax": Jax}[library](way, *read_task(folder))
    losses = [trainer.step()]
    first_step = time.perf_counter() - START
    losses += [trainer.step() for _ in range(COMPARED_UPDATES - 1)]
    note = note_of(library, trainer)
    print(json.dumps({"losses": losses, "firstStep": first_step, "note": note}), flush=True)
    for line in sys.stdin:
        if line.strip() == "error":
            print(json.dumps({"error": trainer.error()}), flush=True)
            continue
        start, busy = time.perf_counter(), time.process_time()
        trainer.run(int(line))
        took = {
            "seconds": time.perf_counter() - start,
            "cpuSeconds": time.process_time() - busy,
        }
        print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
