package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"drover/internal/config"
	"drover/playbook/vault"
)

// vaultSecrets gathers the vault passwords: the identities of the
// configuration, --vault-id, --vault-password-file, --ask-vault-password.
func vaultSecrets(ctx context.Context, c *cli.Context, cfg *config.Config, t *terminal, warn func(string)) (vault.Secrets, error) {
	var sources []string
	sources = append(sources, cfg.VaultIdentityList...)
	files := c.StringSlice("vault-password-file")
	ids := c.StringSlice("vault-id")
	if cfg.VaultPasswordFile != "" {
		files = append(slices.Clone(files), cfg.VaultPasswordFile)
	}
	sources = append(sources, ids...)
	for _, f := range files {
		sources = append(sources, cfg.VaultIdentity+"@"+f)
	}
	if c.Bool("ask-vault-password") || (cfg.AskVaultPass && len(sources) == 0) {
		sources = append(sources, cfg.VaultIdentity+"@prompt")
	}
	return readSecrets(ctx, sources, t, encryptsAnew(c), warn)
}

// readSecrets reads the passwords. One that can't be read is a warning as long
// as another can, and one that is vaulted itself is opened with those before it.
func readSecrets(ctx context.Context, sources []string, t *terminal, isNew bool, warn func(string)) (vault.Secrets, error) {
	var all vault.Secrets
	var failed error
	for _, s := range sources {
		secret, err := vaultSecret(ctx, s, t, isNew)
		if err == nil && vault.IsVault(secret.Password) {
			secret.Password, err = all.Decrypt(secret.Password)
			secret.Password = bytes.TrimSpace(secret.Password)
		}
		if err != nil {
			id, from := vault.SplitID(s)
			what := "Error in vault password file loading"
			switch {
			case errors.Is(err, fs.ErrNotExist):
				what = "Error getting vault password file"
			case asksFor(from):
				what = "Error in vault password prompt"
			}
			warn(fmt.Sprintf("%s (%s): %v", what, id, err))
			failed = err
			continue
		}
		all = append(all, secret)
	}
	if len(all) == 0 {
		return nil, failed
	}
	return all, nil
}

// vaultSecret gets the password that arg, ID@SOURCE, stands for; isNew says that
// one which is asked for is to encrypt with.
func vaultSecret(ctx context.Context, arg string, t *terminal, isNew bool) (vault.Secret, error) {
	id, from := vault.SplitID(arg)
	if !asksFor(from) {
		password, err := vault.ReadPassword(ctx, id, expandHome(from))
		return vault.Secret{ID: id, Password: password}, err
	}
	line, err := askVaultPassword(ctx, t, id, isNew)
	if err != nil {
		return vault.Secret{}, fmt.Errorf("vault password: %w", err)
	}
	return vault.Secret{ID: id, Password: []byte(line)}, nil
}

// asksFor reports whether the source of a vault's password is a question.
func asksFor(source string) bool { return source == "prompt" || source == "prompt_ask_vault_pass" }

// askVaultPassword asks for the password of a vault id, a new one twice.
func askVaultPassword(ctx context.Context, t *terminal, id string, isNew bool) (string, error) {
	prompt, again := "Vault password: ", "Confirm New Vault password: "
	if isNew {
		prompt = "New Vault password: "
	}
	if id != vault.DefaultID {
		prompt, again = fmt.Sprintf("Vault password (%s): ", id), fmt.Sprintf("Confirm new vault password (%s): ", id)
		if isNew {
			prompt = fmt.Sprintf("New vault password (%s): ", id)
		}
	}
	line, err := t.ReadLine(ctx, prompt, false)
	switch {
	case err != nil:
		return "", err
	case line == "":
		return "", errors.New("Invalid vault password was provided: it is empty")
	case !isNew:
		return line, nil
	}
	repeated, err := t.ReadLine(ctx, again, false)
	if err == nil && repeated != line {
		err = errors.New("the two passwords are not the same")
	}
	return line, err
}

// passwords asks for, or reads, the passwords to log in and to become.
func passwords(ctx context.Context, c *cli.Context, cfg *config.Config, t *terminal) (login, become string, err error) {
	if login, err = passwordFile(c.String("connection-password-file"), cfg.ConnectionPasswordFile); err != nil {
		return "", "", err
	}
	if become, err = passwordFile(c.String("become-password-file"), cfg.BecomePasswordFile); err != nil {
		return "", "", err
	}
	if c.Bool("ask-pass") || cfg.AskPass {
		if login, err = t.ReadLine(ctx, "SSH password: ", false); err != nil {
			return "", "", fmt.Errorf("SSH password: %w", err)
		}
	}
	if c.Bool("ask-become-pass") || cfg.BecomeAskPass {
		prompt := "BECOME password: "
		if login != "" {
			prompt = "BECOME password[defaults to SSH password]: "
		}
		if become, err = t.ReadLine(ctx, prompt, false); err != nil {
			return "", "", fmt.Errorf("BECOME password: %w", err)
		}
		if become == "" {
			become = login
		}
	}
	return login, become, nil
}

// passwordFile reads a password from the first file named: its first line, or
// what it prints when it is executable.
func passwordFile(names ...string) (string, error) {
	for _, name := range names {
		if name == "" {
			continue
		}
		name = expandHome(name)
		st, err := os.Stat(name)
		if err != nil {
			return "", fmt.Errorf("password file: %w", err)
		}
		var data []byte
		if st.Mode()&0o111 != 0 {
			data, err = exec.Command(name).Output()
		} else {
			data, err = os.ReadFile(name)
		}
		if err != nil {
			return "", fmt.Errorf("password file %s: %w", name, err)
		}
		line, _, _ := strings.Cut(string(data), "\n")
		if line == "" {
			return "", fmt.Errorf("password file %s is empty", name)
		}
		return strings.TrimRight(line, "\r"), nil
	}
	return "", nil
}

func expandHome(path string) string {
	if path == "~" || strings.HasPrefix(path, "~/") {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, path[1:])
		}
	}
	return path
}
