import { assertEquals } from "@std/assert";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { sgd } from "../../core/optim/sgd.ts";

const learningRate = (step: number) => 1 / (step + 1);
const momentum = (step: number) => step / 10;

Deno.test("ratesOf() of sgd() has no momentum", () => {
  assertEquals(ratesOf(sgd({ learningRate }), 3), {
    learningRate: 0.25,
    momentum: 0,
    lead: 0,
    nextLead: 0,
  });
});

Deno.test("ratesOf() of classicalMomentum() takes the gradient at theta", () => {
  assertEquals(ratesOf(classicalMomentum({ learningRate, momentum }), 3), {
    learningRate: 0.25,
    momentum: 0.3,
    lead: 0,
    nextLead: 0,
  });
});

Deno.test("ratesOf() of nesterov() leads by the momentum of this update and of the next", () => {
  assertEquals(ratesOf(nesterov({ learningRate, momentum }), 3), {
    learningRate: 0.25,
    momentum: 0.3,
    lead: 0.3,
    nextLead: 0.4,
  });
});

Deno.test("sgd(), classicalMomentum() and nesterov() take numbers for schedules", () => {
  assertEquals(sgd({ learningRate: 0.5 }).learningRate(1000), 0.5);
  for (const optimizer of [classicalMomentum, nesterov]) {
    const { name, learningRate, momentum } = optimizer({ learningRate: 0.5, momentum: 0.25 });
    assertEquals([learningRate(7), momentum(7)], [0.5, 0.25]);
    assertEquals(name, optimizer === nesterov ? "nag" : "cm");
  }
});
