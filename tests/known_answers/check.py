"""Holds PyTorch and optax, where they are installed, to the known answers, in float64.

    python3 tests/known_answers/check.py

prints a line a rule. Both libraries keep the point of the next gradient, so that is compared. What
has a schedule or a warm-up is left out: neither has them in this form. optax's part is untried.
"""

import json
import pathlib

FOLDER = pathlib.Path(__file__).parent
PROBLEMS = json.loads((FOLDER / "problems.json").read_text())
START = {name: [float(x) for x in problem["start"]] for name, problem in PROBLEMS.items()}

# Public implementations that are known to give other numbers, and why.
KNOWN_TO_DIFFER = {
    "nag": "PyTorch, optax under a schedule: the lead is this update's momentum, not the next's",
    "nadamw": "PyTorch's single-tensor form before 2.0 multiplies mu_t in twice",
    "adan": "optax weighs the differences by 1 - b2, and decays without the division",
    "ademamix": "kozistr/pytorch_optimizer divides the slow mean by 1 - b1^t",
    "simplified-ademamix": "kozistr/pytorch_optimizer averages m, divides by the root twice",
    "lookahead": "kozistr/pytorch_optimizer's pull has one buffer for both velocities",
    "schedule-free-adamw": "optax counts its first weight with the rate at step 1 of its schedule",
    "muon": "PyTorch since 2.9 is in bfloat16; others turn the shape's factor round",
}


class PyTorch:
    def __init__(self):
        import torch
        torch.set_default_dtype(torch.float64)  # NAdam keeps the product of mu_t in it
        self.torch, self.title, o = torch, f"PyTorch {torch.__version__}", torch.optim

        def adam(make, s, *more, **options):
            common = s["learningRate"], (s["beta1"], s["beta2"]), s["epsilon"], s["weightDecay"]
            return lambda p: make(p, *common, *more, **options)

        def sgd(s, **options):
            return lambda p: o.SGD(p, s["learningRate"], s.get("momentum", 0), **options)

        self.rules = {
            "sgd": {"": sgd}, "cm": {"": sgd}, "nag": {"": lambda s: sgd(s, nesterov=True)},
            "adamw": {"": lambda s: adam(o.AdamW, s)}, "radam": {"": lambda s: adam(o.RAdam, s)},
            "nadamw": {"foreach": lambda s: adam(o.NAdam, s, s["psi"], foreach=True),
                       "single-tensor": lambda s: adam(o.NAdam, s, s["psi"], foreach=False)},
        }

    def run(self, make, problem, updates):
        p = self.torch.tensor(START[problem], requires_grad=True)
        optimizer = make([p])
        for update in range(updates):
            p.grad = self.torch.tensor(gradient(problem, p.tolist(), update))
            optimizer.step()
        return p.tolist()


class Optax:
    def __init__(self):
        import jax
        import optax
        jax.config.update("jax_enable_x64", True)
        self.jax, self.optax, self.title = jax, optax, f"optax {optax.__version__}"
        c, names = optax.contrib, {"beta1": "b1", "beta2": "b2", "beta3": "b3", "epsilon": "eps",
                                   "alpha": "alpha", "weightDecay": "weight_decay"}

        def rule(make, momentum="momentum", **options):
            keys = {**names, "momentum": momentum}
            return {"": lambda s: make(s["learningRate"], **options, **{
                keys[k]: value for k, value in s.items() if k in keys})}
        self.rules = {
            "sgd": rule(optax.sgd), "cm": rule(optax.sgd), "nag": rule(optax.sgd, nesterov=True),
            "adamw": rule(optax.adamw), "lion": rule(optax.lion), "adan": rule(optax.adan),
            "ademamix": rule(c.ademamix), "simplified-ademamix": rule(c.simplified_ademamix),
            "schedule-free-sgd": rule(c.schedule_free_sgd, momentum="b1"),
        }

    def run(self, transformation, problem, updates):
        p = self.jax.numpy.array(START[problem], "float64")
        state = transformation.init(p)
        for update in range(updates):
            g = self.jax.numpy.array(gradient(problem, p.tolist(), update), "float64")
            change, state = transformation.update(g, state, p)
            p = self.optax.apply_updates(p, change)
        return p.tolist()


def gradient(name, x, update):
    problem = PROBLEMS[name]
    if name == "sequence":
        return problem["gradients"][update]
    if name == "quadratic":
        return [h * (x - c) for h, x, c in zip(problem["curvature"], x, problem["minimum"])]
    n, B = problem["columns"], problem["B"]
    return [sum(x[i - i % n + k] * B[k][i % n] for k in range(n)) for i in range(len(x))]


def verdict(library, make, rows):
    errors = []
    for settings, answer in ((row["settings"], one) for row in rows for one in row["answers"]):
        if settings.get("warmUp") or isinstance(settings.get("momentum"), dict):
            continue
        problem, expected = answer["problem"], answer.get("point") or answer["theta"]
        actual = library.run(make(settings), problem, answer["updates"])
        errors += [abs(a - e) / max(1, abs(e)) for a, e in zip(actual, expected)]
    # 12 digits are printed: half a unit of the last is at most 5e-12.
    return "agrees" if max(errors) < 6e-12 else f"differs by {max(errors):.1e}"


if __name__ == "__main__":
    libraries, missing = [], []
    for Library in (PyTorch, Optax):
        try:
            libraries.append(Library())
        except ImportError:
            missing.append(f"{Library.__name__}: not installed")
    for file in sorted(set(FOLDER.glob("*.json")) - {FOLDER / "problems.json"}):
        rule, rows, said = file.stem, json.loads(file.read_text()), []
        for library in libraries:
            forms = [f"{form} {verdict(library, make, rows)}".strip()
                     for form, make in library.rules.get(rule, {}).items()]
            said.append(f"{library.title}: {', '.join(forms) or 'has none'}")
        note = f"; known to differ: {KNOWN_TO_DIFFER[rule]}" if rule in KNOWN_TO_DIFFER else ""
        print(f"{rule:20}", "; ".join(said + missing) + note)
