package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"drover/playbook/source"
	"drover/playbook/vault"
)

func vaultCommand() *command {
	return &command{
		name: "vault", ansible: "ansible-vault", usage: "encrypt, decrypt and edit secrets",
		argsUsage: "ACTION [FILE...]",
		help: "Keeps secrets in files and strings that Ansible Vault can read.\n\n" +
			"  drover vault encrypt secrets.yml          encrypt files in place; decrypt is the opposite\n" +
			"  drover vault edit secrets.yml             edit with $EDITOR; create starts a new file, view shows one\n" +
			"  drover vault rekey secrets.yml            change the password\n" +
			"  drover vault encrypt_string -n token TEXT write 'token: !vault …' for a file of variables",
		flags: func(v *verbosity) []cli.Flag {
			return append(passwordFlags(), v.flag(),
				str(groupVars, "the `id` of the password to encrypt with, when there are several", "encrypt-vault-id"),
				str(groupVars, "rekey: the new password, as `id@file`", "new-vault-id"),
				str(groupVars, "rekey: `file` or program that gives the new password", "new-vault-password-file"),
				str(groupOutput, "write to `file`, - for standard output", "output"),
				toggle(groupOutput, "create and edit: start the editor also without a terminal", "skip-tty-check"),
				list(groupVars, "encrypt_string: the `name` of the variable", "name", "n"),
				str(groupVars, "encrypt_string: the `name` of the variable read from standard input", "stdin-name"),
				toggle(groupVars, "encrypt_string: ask for the text", "prompt", "p"),
				toggle(groupVars, "encrypt_string: show what is typed", "show-input"))
		},
		run: runVault,
	}
}

// vaultRun is one call of the vault command.
type vaultRun struct {
	*session
	args []string // files or texts
	// secret encrypts; set for actions that encrypt.
	secret vault.Secret
}

// vaultAction does one thing with the arguments.
type vaultAction struct {
	do func(*vaultRun) error
	// encrypts: a password to encrypt with is needed, and asked for twice.
	encrypts bool
}

var vaultActions = map[string]vaultAction{
	"create":         {(*vaultRun).create, true},
	"encrypt":        {(*vaultRun).encrypt, true},
	"encrypt_string": {(*vaultRun).encryptStrings, true},
	"decrypt":        {(*vaultRun).decrypt, false},
	"edit":           {(*vaultRun).edit, false},
	"view":           {(*vaultRun).view, false},
	"rekey":          {(*vaultRun).rekey, false},
}

func runVault(c *cli.Context, verbosity int) (code int, err error) {
	names := []string{"create", "decrypt", "edit", "view", "encrypt", "encrypt_string", "rekey"}
	action, ok := vaultActions[c.Args().First()]
	if !ok {
		return 0, &usageError{command: c.App.Name, msg: fmt.Sprintf("say what to do: %s%s",
			strings.Join(names, ", "), source.DidYouMean(c.Args().First(), names))}
	}
	if c.IsSet("new-vault-id") && c.IsSet("new-vault-password-file") {
		return 0, &usageError{command: c.App.Name, msg: "give --new-vault-id or --new-vault-password-file, not both"}
	}
	s, err := newSession(c, verbosity, displayOptions{printer: "default"})
	if err != nil {
		return 0, err
	}
	defer func() { err = s.end(err) }()
	v := &vaultRun{session: s, args: c.Args().Tail()}
	if c.IsSet("output") && len(v.args) > 1 && c.Args().First() != "encrypt_string" {
		return 0, &optionsError{"At most one input file may be used with the --output option"}
	}
	if err := v.findSecrets(action.encrypts); err != nil {
		return 0, err
	}
	return exitOK, action.do(v)
}

// encryptsAnew reports whether the command line is that of a vault's action which
// encrypts, so that a password that is asked for is a new one.
func encryptsAnew(c *cli.Context) bool {
	return strings.HasSuffix(c.App.Name, "vault") && vaultActions[c.Args().First()].encrypts
}

// findSecrets makes sure that there is a password, and picks the one to
// encrypt with.
func (v *vaultRun) findSecrets(encrypts bool) error {
	if len(v.secrets) == 0 {
		s, err := v.askSecret(encrypts)
		if err != nil {
			return err
		}
		v.secrets = vault.Secrets{s}
	}
	if !encrypts {
		return nil
	}
	want := v.choose("encrypt-vault-id", v.cfg.VaultEncryptIdentity)
	var ids []string
	for _, s := range v.secrets {
		ids = append(ids, s.ID)
	}
	switch {
	case want == "" && len(ids) > 1:
		return &optionsError{"The vault-ids " + strings.Join(ids, ",") +
			" are available to encrypt. Specify the vault-id to encrypt with --encrypt-vault-id"}
	case want == "":
		v.secret = v.secrets[0]
		return nil
	}
	var ok bool
	if v.secret, ok = v.secrets.Find(want); !ok {
		return fmt.Errorf("Did not find a match for --encrypt-vault-id=%s in the known vault-ids ['%s']", want, strings.Join(ids, "', '"))
	}
	return nil
}

// askSecret asks for the password, a new one twice.
func (v *vaultRun) askSecret(isNew bool) (vault.Secret, error) {
	line, err := askVaultPassword(v.cli.Context, v.term, vault.DefaultID, isNew)
	if err != nil {
		return vault.Secret{}, fmt.Errorf("a vault password is needed (--vault-id, --vault-password-file): %w", err)
	}
	return vault.Secret{ID: v.cfg.VaultIdentity, Password: []byte(line)}, nil
}

// seal encrypts with the salt of the configuration, or a fresh one.
func (v *vaultRun) seal(plain []byte, s vault.Secret) ([]byte, error) {
	if salt := v.cfg.VaultEncryptSalt; salt != "" {
		return vault.EncryptSalted(plain, s, []byte(salt))
	}
	return vault.Encrypt(plain, s)
}

// newSecret gives the password that rekey changes to.
func (v *vaultRun) newSecret() (vault.Secret, error) {
	from := v.cli.String("new-vault-id")
	if f := v.cli.String("new-vault-password-file"); f != "" {
		from = v.cfg.VaultIdentity + "@" + f
	}
	if from == "" {
		return v.askSecret(true)
	}
	return vaultSecret(v.cli.Context, from, v.term, true)
}

// say tells a person at a terminal that something was done.
func say(text string) { fmt.Fprintln(os.Stderr, text) }
