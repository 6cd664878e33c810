/** Types of the part of jstat in use: the package ships none. */
declare const jstat: {
  readonly studentt: {
    /** The quantile of Student's t distribution. */
    inv(probability: number, degreesOfFreedom: number): number;
  };
};
export default jstat;
