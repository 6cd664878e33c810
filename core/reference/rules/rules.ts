import { AdamW, type AdamWSettings } from "./adamw.ts";
import { AdaptiveHeavyBall, type AdaptiveHeavyBallSettings } from "./adaptive_heavy_ball.ts";
import { AdEMAMix, type AdEMAMixSettings } from "./ademamix.ts";
import { Adan, type AdanSettings } from "./adan.ts";
import { AggMo, type AggMoSettings } from "./aggmo.ts";
import { Lion, type LionSettings } from "./lion.ts";
import { Lookahead, type LookaheadSettings } from "./lookahead.ts";
import { lowRank, type LowRankSettings } from "./low_rank.ts";
import {
  CM,
  type MomentumSettings,
  MomentumWithLead,
  type MomentumWithLeadSettings,
  NAG,
  SGD,
  type SGDSettings,
} from "./momentum.ts";
import { muon, type MuonSettings } from "./muon.ts";
import { NAdamW, type NAdamWSettings } from "./nadamw.ts";
import { partial, type PartialSettings } from "./partial.ts";
import { QHM, type QHMSettings } from "./qhm.ts";
import { Restart } from "./restart.ts";
import type { MakeRule, Movable, Rule, TensorValues } from "./rule.ts";
import {
  ScheduleFreeAdamW,
  type ScheduleFreeAdamWSettings,
  type ScheduleFreeSettings,
  ScheduleFreeSGD,
} from "./schedule_free.ts";
import { SimplifiedAdEMAMix, type SimplifiedAdEMAMixSettings } from "./simplified_ademamix.ts";

/** What fixes the rules that {@linkcode Lookahead} can be around, by name. */
export interface MovableSettings {
  "sgd": SGDSettings;
  "cm": MomentumSettings;
  "nag": MomentumSettings;
  "lead": MomentumWithLeadSettings;
  "qhm": QHMSettings;
  "aggmo": AggMoSettings;
  "adamw": AdamWSettings;
  "nadamw": NAdamWSettings;
  "adan": AdanSettings;
  "ademamix": AdEMAMixSettings;
  "simplified-ademamix": SimplifiedAdEMAMixSettings;
  "lion": LionSettings;
  "adaptive-heavy-ball": AdaptiveHeavyBallSettings;
  "restart": MomentumSettings;
  "muon": MuonSettings;
  "partial": PartialSettings;
}

/** What fixes a rule, by name. */
export interface RuleSettings extends MovableSettings {
  "schedule-free-sgd": ScheduleFreeSettings;
  "schedule-free-adamw": ScheduleFreeAdamWSettings;
  "low-rank": LowRankSettings;
  "lookahead": LookaheadSettings & { inner: Inner };
}

/** A rule inside another one. */
export type Inner = {
  [Name in keyof MovableSettings]: { rule: Name; settings: MovableSettings[Name] };
}[keyof MovableSettings];

type Makers<All, Made extends Rule> = { [Name in keyof All]: MakeRule<All[Name], Made> };

const movable: Makers<MovableSettings, Movable> = {
  "sgd": (start, settings) => new SGD(start, settings),
  "cm": (start, settings) => new CM(start, settings),
  "nag": (start, settings) => new NAG(start, settings),
  "lead": (start, settings) => new MomentumWithLead(start, settings),
  "qhm": (start, settings) => new QHM(start, settings),
  "aggmo": (start, settings) => new AggMo(start, settings),
  "adamw": (start, settings) => new AdamW(start, settings),
  "nadamw": (start, settings) => new NAdamW(start, settings),
  "adan": (start, settings) => new Adan(start, settings),
  "ademamix": (start, settings) => new AdEMAMix(start, settings),
  "simplified-ademamix": (start, settings) => new SimplifiedAdEMAMix(start, settings),
  "lion": (start, settings) => new Lion(start, settings),
  "adaptive-heavy-ball": (start, settings) => new AdaptiveHeavyBall(start, settings),
  "restart": (start, settings) => new Restart(start, settings),
  "muon": muon,
  "partial": partial,
};

/** The rules by the names of the command line. */
export const rules: Makers<RuleSettings, Rule> = {
  ...movable,
  "schedule-free-sgd": (start, settings) => new ScheduleFreeSGD(start, settings),
  "schedule-free-adamw": (start, settings) => new ScheduleFreeAdamW(start, settings),
  "low-rank": lowRank,
  "lookahead": (start, settings) => new Lookahead(makeInner(start, settings.inner), settings),
};

function makeInner<Name extends keyof MovableSettings>(
  start: readonly TensorValues[],
  { rule, settings }: { rule: Name; settings: MovableSettings[Name] },
): Movable {
  return movable[rule](start, settings);
}
