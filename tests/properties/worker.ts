// Tries properties in a thread that can be given up where a case never ends.

import "./allocations.ts";
import { properties } from "./all.ts";
import { serve } from "./serve.ts";

serve(properties);
