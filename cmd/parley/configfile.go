package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"

	"parley/internal/config"
)

// fileResolver gives the values of the configuration file to flags that
// neither the command line nor the environment sets.
type fileResolver struct{ values map[string]any }

// loadConfigFile is kong's loader for --config.
func loadConfigFile(r io.Reader) (kong.Resolver, error) {
	f, ok := r.(*os.File)
	if !ok {
		return nil, errors.New("the configuration is not a file")
	}
	values, err := config.LoadFile(f.Name())
	if err != nil {
		return nil, err
	}
	return fileResolver{values}, nil
}

// Validate refuses keys that are no flags.
func (f fileResolver) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, flag := range app.Flags {
		known[flag.Name] = true
	}
	var errs []error
	for key := range f.values {
		if !known[key] || key == "config" || key == "help" {
			errs = append(errs, fmt.Errorf("unknown setting %q in the configuration file", key))
		}
	}
	return errors.Join(errs...)
}

// Resolve returns the file's value for the flag. The environment wins over it.
func (f fileResolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	return f.values[flag.Name], nil
}
