import type { PageState } from "../page_state.ts";

/** What every part of the page is given. */
export interface Shown {
  readonly state: PageState;
}
