// Package backup writes and reads backups: folders that hold everything of an
// installation.
//
//	manifest.json   what is in the folder, with sizes and checksums
//	database/       what the database has written of itself (store.Store.Dump)
//	files/          files of the data dir beside the database: attachments
//
// A backup is written under another name and renamed when all of it is on the
// disk; the manifest is its last file. So a folder with a manifest is a whole
// backup, and its checksums tell whether it still is.
//
// The package depends on core and the store contract.
package backup
