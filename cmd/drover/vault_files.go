package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"drover/playbook/vault"
)

func onTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// eachFile gives the files named, standard input when there are none.
func (v *vaultRun) eachFile(do func(path string) error) error {
	files := v.args
	if len(files) == 0 {
		if onTerminal(os.Stdin) {
			say("Reading from standard input (ctrl-d to end it)")
		}
		files = []string{"-"}
	}
	for _, f := range files {
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

func (v *vaultRun) encrypt() error {
	err := v.eachFile(func(path string) error {
		plain, err := readInput(path)
		if err != nil {
			return err
		}
		if vault.IsVault(plain) {
			return fmt.Errorf("%s: input is already encrypted", path)
		}
		sealed, err := v.seal(plain, v.secret)
		if err != nil {
			return err
		}
		return v.write(path, sealed)
	})
	return v.finished(err, "Encryption successful")
}

func (v *vaultRun) decrypt() error {
	err := v.eachFile(func(path string) error {
		plain, _, err := v.open(path)
		if err != nil {
			return err
		}
		return v.write(path, plain)
	})
	return v.finished(err, "Decryption successful")
}

func (v *vaultRun) finished(err error, text string) error {
	if err == nil && onTerminal(os.Stdout) {
		say(text)
	}
	return err
}

func (v *vaultRun) rekey() error {
	if len(v.args) == 0 {
		return &usageError{msg: "rekey needs the files to encrypt anew", command: v.cli.App.Name}
	}
	to, err := v.newSecret()
	if err != nil {
		return err
	}
	for _, path := range v.args {
		plain, _, err := v.open(path)
		if err != nil {
			return err
		}
		sealed, err := v.seal(plain, to)
		if err != nil {
			return err
		}
		if err := replaceFile(path, sealed); err != nil {
			return err
		}
	}
	say("Rekey successful")
	return nil
}

func (v *vaultRun) view() error {
	return v.eachFile(func(path string) error {
		plain, _, err := v.open(path)
		if err != nil {
			return err
		}
		if pager := os.Getenv("PAGER"); pager != "" && onTerminal(os.Stdout) {
			cmd := exec.Command("sh", "-c", pager)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(plain), os.Stdout, os.Stderr
			return cmd.Run()
		}
		_, err = os.Stdout.Write(plain)
		return err
	})
}

func (v *vaultRun) create() error {
	if len(v.args) != 1 {
		return &optionsError{"ansible-vault create can take only one filename argument"}
	}
	path := v.args[0]
	if exists(path) {
		return fmt.Errorf("%s exists, please use 'edit' instead", path)
	}
	if !onTerminal(os.Stdout) && !v.cli.Bool("skip-tty-check") {
		return fmt.Errorf("not a tty, the editor can't be opened; --skip-tty-check opens it anyway")
	}
	plain, err := editText(path, nil)
	if err != nil {
		return err
	}
	sealed, err := v.seal(plain, v.secret)
	if err != nil {
		return err
	}
	return replaceFile(path, sealed)
}

func (v *vaultRun) edit() error {
	if len(v.args) == 0 {
		return &usageError{msg: "edit needs the files to edit", command: v.cli.App.Name}
	}
	for _, path := range v.args {
		if err := v.editFile(path); err != nil {
			return err
		}
	}
	return nil
}

// editFile lets a person change a file, which keeps its password and vault id.
func (v *vaultRun) editFile(path string) error {
	plain, used, err := v.open(path)
	if err != nil {
		return err
	}
	changed, err := editText(path, plain)
	if err != nil || bytes.Equal(changed, plain) {
		return err
	}
	if want := v.cli.String("encrypt-vault-id"); want != "" {
		s, ok := v.secrets.Find(want)
		if !ok {
			return fmt.Errorf("Did not find a match for --encrypt-vault-id=%s in the known vault-ids", want)
		}
		used = s
	}
	sealed, err := v.seal(changed, used)
	if err != nil {
		return err
	}
	return replaceFile(path, sealed)
}

// open decrypts a file, and gives the secret that did it, under the id that
// the file names.
func (v *vaultRun) open(path string) ([]byte, vault.Secret, error) {
	data, err := readInput(path)
	if err != nil {
		return nil, vault.Secret{}, err
	}
	if !vault.IsVault(data) {
		return nil, vault.Secret{}, fmt.Errorf("input is not vault encrypted data: %s is not a vault encrypted file", path)
	}
	plain, used, err := v.vault().Open(data)
	if err != nil {
		return nil, used, fmt.Errorf("%s: %w", path, err)
	}
	return plain, used, nil
}

func readInput(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(path)
}

// write puts what came from path where --output says, or back.
func (v *vaultRun) write(path string, data []byte) error {
	if out := v.cli.String("output"); out != "" {
		path = out
	}
	if path == "-" {
		_, err := os.Stdout.Write(data)
		return err
	}
	return replaceFile(path, data)
}

// replaceFile writes a file at once; an old one's mode is kept, a new one is
// for its owner only.
func replaceFile(path string, data []byte) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := os.FileMode(0o600)
	if st, err := os.Stat(path); err == nil {
		mode = st.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".vault-*")
	if err != nil {
		return fmt.Errorf("can't write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), mode)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("can't write %s: %w", path, err)
	}
	return nil
}

// editText lets a person edit text in a private file that is gone afterwards.
func editText(path string, text []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "drover-vault-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, filepath.Base(path))
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return nil, err
	}
	editor := os.Getenv("EDITOR")
	if editor == "" {
		editor = "vi"
	}
	argv := append(strings.Fields(editor), name)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("the editor '%s' failed ($EDITOR): %w", editor, err)
	}
	return os.ReadFile(name)
}
