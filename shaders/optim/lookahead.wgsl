// Lookahead: slow' = hold slow + pull fast, fast' = slow', pull and hold being alpha and 1 - alpha.
// LED: the parameters are where the gradient is taken, at fast + next_lead velocity.
// #if ${LED}
slow = fma(vec4f(pull), fma(vec4f(-next_lead), velocity_0, parameters), hold * slow);
// #else
slow = fma(vec4f(pull), parameters, hold * slow);
// #endif
// #for v in PULLED
slow_velocity_${v} = fma(vec4f(pull), velocity_${v}, hold * slow_velocity_${v});
velocity_${v} = slow_velocity_${v};
// #end
// #for v in RESET
velocity_${v} = vec4f();
// #end
// #if ${LED}
parameters = fma(vec4f(next_lead), velocity_0, slow);
// #else
parameters = slow;
// #endif
