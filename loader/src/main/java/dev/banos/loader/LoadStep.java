package dev.banos.loader;

/**
 * A phase of an installation or link that has ended. First each file is read and parsed. Then each driver by itself, or all
 * objects together, pass the other phases.
 *
 * @param file the file, or the object of the driver
 * @param number which file it is, in the later phases which driver, from 1 on
 * @param count how many files or drivers there are; 0 if that is not known yet
 * @param phase its name, and how long it took
 */
public record LoadStep(String file, int number, int count, LoadReport.Phase phase) {
}
