package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"

	"drover/internal/config"
)

// localeError is a locale with which versions before 2.19 do not begin.
type localeError struct{ msg string }

func (e *localeError) Error() string { return e.msg }

// checkLocale refuses what ansible-core needs of the locale and drover doesn't:
// one that is there, and UTF-8. It is asked where such a version is imitated.
// The system's own program knows; without it, every locale is fine.
func checkLocale(environ []string) error {
	if !slices.ContainsFunc(environ, namesLocale) {
		return nil
	}
	cmd := exec.Command("locale", "charmap")
	cmd.Env = environ
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	if complaints.Len() > 0 {
		return &localeError{"Ansible could not initialize the preferred locale: unsupported locale setting"}
	}
	if charmap := strings.TrimSpace(string(out)); charmap != "UTF-8" {
		return &localeError{"Ansible requires the locale encoding to be UTF-8; Detected " + charmap + "."}
	}
	return nil
}

// namesLocale reports whether NAME=value chooses a locale that may be missing,
// or be of another encoding.
func namesLocale(setting string) bool {
	name, value, _ := strings.Cut(setting, "=")
	if name != "LANG" && !strings.HasPrefix(name, "LC_") {
		return false
	}
	switch value {
	case "", "C", "POSIX", "C.UTF-8", "C.utf8":
		return false
	}
	return true
}

// imitatedVersion prints the version under one of Ansible's names.
func imitatedVersion() (int, error) {
	cfg, err := config.Load(config.Process())
	if err == nil && cfg.Compat == "2.18" {
		err = checkLocale(os.Environ())
	}
	if err != nil {
		return 0, err
	}
	return printVersion()
}
