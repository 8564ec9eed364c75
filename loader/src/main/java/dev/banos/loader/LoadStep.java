package dev.banos.loader;

/**
 * A phase of an installation or link that has ended. First each file is read and parsed; then each driver, or all objects together,
 * pass the other phases.
 *
 * @param file   the file, or the object of the driver
 * @param number which of the files, then which of the drivers, from 1 on
 * @param count  how many of them there are; 0 where that is not known yet
 * @param phase  its name, and how long it took
 */
public record LoadStep(String file, int number, int count, LoadReport.Phase phase) {
}
