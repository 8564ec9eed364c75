/**
 * Drivers and libraries from relocatable objects: {@link dev.banos.loader.Loader} installs drivers, {@link
 * dev.banos.loader.ObjectLinker} links libraries, {@link dev.banos.loader.OfflineLinker} links for elsewhere, {@link
 * dev.banos.loader.ObjectInfo} tells what a file holds. How drivers are installed, started, replaced and stopped is in this package, too.
 */
package dev.banos.loader;
