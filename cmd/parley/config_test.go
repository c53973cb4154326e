package main

import (
	"bytes"
	"slices"
	"testing"

	"parley/internal/config"
	"parley/internal/testkit"
)

// TestConfigurationDocIsCurrent holds docs/configuration.md against the
// settings; make golden rewrites it.
func TestConfigurationDocIsCurrent(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	parser, err := newParser(&commands{}, streams{out: &page, err: &page}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := writeReference(&page, parser.Model); err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, "../../docs/configuration.md", page.Bytes())
}

// TestSettingsHaveTheirVariables compares the variables that the flags read
// with those that the environment may hold.
func TestSettingsHaveTheirVariables(t *testing.T) {
	t.Parallel()
	parser, err := newParser(&commands{}, streams{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, flag := range parser.Model.Flags {
		names = append(names, flag.Envs...)
	}
	want := slices.Clone(config.Variables())
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("the flags read %v, the environment may hold %v", names, want)
	}
	for _, command := range parser.Model.Leaves(true) {
		for _, flag := range command.Flags {
			if len(flag.Envs) > 0 {
				t.Errorf("--%s of %s reads %v", flag.Name, command.Name, flag.Envs)
			}
		}
	}
}
