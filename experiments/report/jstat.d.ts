/** Types of the part of jstat in use: the package ships none. */
declare const jstat: {
  readonly studentt: {
    /** The quantile of Student's t distribution. */
    inv(probability: number, degreesOfFreedom: number): number;
  };
  readonly normal: {
    /** The quantile of a normal distribution. */
    inv(probability: number, mean: number, deviation: number): number;
  };
  /** Spearman's rank correlation; equal values share their mean rank. */
  spearmancoeff(a: number[], b: number[]): number;
};
export default jstat;
