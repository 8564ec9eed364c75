/**
 * Drivers and libraries from relocatable objects: {@link dev.banos.loader.Loader} installs drivers, {@link
 * dev.banos.loader.ObjectLinker} links libraries, {@link dev.banos.loader.OfflineLinker} links for elsewhere, {@link
 * dev.banos.loader.ObjectInfo} tells what a file holds. What a driver goes through is here too, as it is told in these classes.
 */
package dev.banos.loader;
