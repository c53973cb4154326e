package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"parley/internal/core"
)

// CheckFiles refuses, before anything is touched, to place files where others
// of the same names lie: they are not overwritten.
func (b *Backup) CheckFiles(ctx context.Context, dataDir string) error {
	for _, f := range b.beside() {
		there, err := digest(ctx, filepath.Join(dataDir, f.Name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("look at %s in the data dir: %w", f.Name, err)
		case there.SHA256 != f.SHA256:
			return &core.Error{Kind: core.Conflict, Message: f.Name + " in the data dir is another file than the backup's: move it away first"}
		}
	}
	return nil
}

// PlaceFiles copies the files beside the database into the data dir. Those that
// are there already stay; files that the backup does not know do, too. So it
// can be done again, and harms no database that does not know them.
func (b *Backup) PlaceFiles(ctx context.Context, dataDir string) error {
	for _, f := range b.beside() {
		if err := b.place(ctx, f, filepath.Join(dataDir, f.Name)); err != nil {
			return fmt.Errorf("place %s: %w", f.Name, err)
		}
	}
	return nil
}

// place copies under another name first: a file that stands under its own is
// whole.
func (b *Backup) place(ctx context.Context, f File, target string) error {
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	part := target + ".partial"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := copyFile(ctx, filepath.Join(b.dir, filesName, f.Name), part); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := syncFile(part); err != nil {
		return err
	}
	if err := os.Rename(part, target); err != nil {
		return err
	}
	return syncDir(dir)
}

// beside are the files that belong into the data dir, by their names there.
func (b *Backup) beside() []File {
	var files []File
	for _, f := range b.Files {
		if name, ok := strings.CutPrefix(f.Name, filesName+"/"); ok {
			f.Name = filepath.FromSlash(name)
			files = append(files, f)
		}
	}
	return files
}
