/** The banos command. */
module dev.banos.samples {
    requires dev.banos.fuzz;
}
