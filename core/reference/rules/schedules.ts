/** Momentum as a function of the number of updates done so far. */
export type Schedule = (updates: number) => number;

/** The paper's (section 3, equation 5): mu = min(1 - 1 / (2 (floor(updates / period) + 1)), cap). */
export function paperMomentum({ cap, period }: { cap: number; period: number }): Schedule {
  return (updates) => Math.min(1 - 1 / (2 * (Math.floor(updates / period) + 1)), cap);
}

/**
 * Nesterov's of 1983 (paper, appendix A.1): mu = (a_n - 1) / a_{n+1} after n updates, with a_0 = 1
 * and a_{n+1} = (1 + sqrt(4 a_n^2 + 1)) / 2. So mu is 0 in the first update.
 */
export function nesterov1983(): Schedule {
  return (updates) => {
    let [a, next] = [0, 1];
    for (let n = 0; n <= updates; n++) [a, next] = [next, (1 + Math.sqrt(4 * next ** 2 + 1)) / 2];
    return (a - 1) / next;
  };
}

/** What fixes {@linkcode demon}. */
export interface DemonSettings {
  /** mu until it decays. */
  momentum: number;
  /** The updates of the run. */
  updates: number;
  /** Where the decay starts; 0 if not given. */
  from?: number;
}

/**
 * Decaying momentum (Chen, Wolfe, Li and Kyrillidis, 2019): mu_t = mu q / ((1 - mu) + mu q), where q
 * falls linearly from 1 to 0 at the end of the run. So mu / (1 - mu) falls linearly.
 */
export function demon({ momentum, updates: end, from = 0 }: DemonSettings): Schedule {
  return (updates) => {
    const q = updates < from ? 1 : Math.max(0, (end - updates) / (end - from));
    return momentum * q / (1 - momentum + momentum * q);
  };
}
