import { reference } from "../../../mod.ts";
import type { BowlSettings } from "../settings.ts";

/** A place in the bowl: along its flat direction, and along its steep one. */
export type Place = readonly [flat: number, steep: number];

/** What each method makes of the same start. */
export interface Trails {
  readonly cm: readonly Place[];
  readonly nag: readonly Place[];
  /** CM with the momentum of Theorem 2.1 along each direction. */
  readonly theorem: readonly Place[];
  /** Curvatures of the two directions. */
  readonly curvatures: Place;
  /** mu (1 - eps lambda) of the two directions. */
  readonly momenta: Place;
  /** The most that NAG and the theorem are apart, along either direction. */
  readonly apart: number;
}

/** Where all begin. */
export const start: Place = [-1, 0.8];

/**
 * CM and NAG on a quadratic of two directions, in float64. Theorem 2.1: along an eigendirection of
 * curvature lambda, NAG is CM with the momentum mu (1 - eps lambda).
 */
export function trails({ rate, momentum, condition, updates }: BowlSettings): Trails {
  const curvatures: Place = [1 / condition, 1];
  const bowl = new reference.Quadratic({ spectrum: curvatures });
  const [cm, nag] = (["CM", "NAG"] as const).map((method) => {
    const optimizer = new reference.TwoBuffer(method, Float64Array.from(start));
    const gradientAt = (point: Float64Array) => bowl.gradient(point);
    return trail(updates, () => optimizer.step(gradientAt, rate, momentum), () => optimizer.theta);
  });
  const momenta = curvatures.map((curvature) => momentum * (1 - rate * curvature));
  const along = curvatures.map((curvature, i) => {
    const optimizer = new reference.TwoBuffer("CM", Float64Array.of(start[i]));
    const gradientAt = (point: Float64Array) => point.map((x) => curvature * x);
    return { optimizer, step: () => optimizer.step(gradientAt, rate, momenta[i]) };
  });
  const theorem = trail(
    updates,
    () => along.forEach(({ step }) => step()),
    () => along.map(({ optimizer }) => optimizer.theta[0]),
  );
  const apart = Math.max(...nag.flatMap((place, t) =>
    place.map((x, i) => x - theorem[t][i])
      .map(Math.abs)
  ));
  return { cm, nag, theorem, curvatures, momenta: [momenta[0], momenta[1]], apart };
}

function trail(
  updates: number,
  step: () => void,
  at: () => ArrayLike<number>,
): Place[] {
  const place = (): Place => [at()[0], at()[1]];
  const places = [place()];
  for (let update = 0; update < updates; update++) {
    step();
    places.push(place());
  }
  return places;
}
