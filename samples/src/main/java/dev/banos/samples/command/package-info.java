/** What the words of the command share: options and exit statuses. */
package dev.banos.samples.command;
