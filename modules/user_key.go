package modules

import (
	"context"
	"path"
	"strconv"
	"strings"

	"drover/modules/target"
)

// sshKey makes an SSH key for the user where there is none, or with force
// always, and tells which one there is.
func (u *account) sshKey(ctx context.Context) error {
	if !u.GenerateKey {
		return nil
	}
	file := orText(u.KeyFile, ".ssh/id_"+u.KeyType)
	if !path.IsAbs(file) {
		file = path.Join(u.now.Home, file)
	}
	_, err := u.h.Stat(file)
	exists := err == nil
	if exists && !u.Force {
		u.res.Warnings = append(u.res.Warnings, "Found existing ssh key private file \""+file+"\", no force, so skipping ssh-keygen generation")
	} else if err := u.makeKey(ctx, file, exists); err != nil {
		return err
	}
	u.res.Set("ssh_key_file", file)
	if u.c.Check && !exists {
		return nil
	}
	fingerprint, err := runTool(ctx, u.h, "ssh-keygen", "-l", "-f", file)
	if err != nil {
		return err
	}
	public, _ := u.h.ReadFile(file + ".pub")
	u.res.Set("ssh_fingerprint", fingerprint.said())
	u.res.Set("ssh_public_key", strings.TrimSpace(string(public)))
	return nil
}

func (u *account) makeKey(ctx context.Context, file string, exists bool) error {
	u.res.Changed = true
	if u.c.Check {
		return nil
	}
	dir := path.Dir(file)
	if _, err := u.h.Stat(dir); err != nil {
		if err := u.h.Mkdir(dir, 0o700); err != nil {
			return Failf("Failed to create %s: %w", dir, reason(err))
		}
		if err := u.h.Chown(dir, u.now.UID, u.now.GID); err != nil {
			return Failf("Failed to create %s: %w", dir, reason(err))
		}
	}
	if exists {
		for _, f := range []string{file, file + ".pub"} {
			_ = u.h.Remove(f) // ssh-keygen says so where one cannot be replaced
		}
	}
	if err := u.runKeygen(ctx, file); err != nil {
		return err
	}
	for _, f := range []string{file, file + ".pub"} {
		if err := u.h.Chown(f, u.now.UID, u.now.GID); err != nil {
			return Failf("can't give %s to %s: %w", f, u.Name, reason(err))
		}
	}
	return nil
}

func (u *account) runKeygen(ctx context.Context, file string) error {
	comment := u.KeyComment
	if comment == "" {
		node, _ := u.h.ReadFile("/proc/sys/kernel/hostname")
		comment = "ansible-generated on " + strings.TrimSpace(string(node))
	}
	argv := []string{"ssh-keygen", "-t", u.KeyType, "-C", comment, "-f", file}
	if u.KeyBits > 0 {
		argv = append(argv, "-b", strconv.Itoa(u.KeyBits))
	}
	if u.KeyPassphrase == nil {
		_, err := u.quietly(ctx, target.Cmd{Argv: append(argv, "-N", "")})
		return err
	}
	return withAskpass(u.h, *u.KeyPassphrase, func(env []string) error {
		_, err := u.quietly(ctx, target.Cmd{Argv: argv, Env: env})
		return err
	})
}

// withAskpass lets ssh-keygen ask a small program for the passphrase, which
// then is in no argv; the environment that carries it only the user may read.
func withAskpass(h target.Host, passphrase string, work func(env []string) error) error {
	dir, err := h.MkdirTemp("", "drover-askpass-")
	if err != nil {
		return Failf("can't make a folder for the passphrase's program: %w", reason(err))
	}
	defer h.RemoveAll(dir)
	program := path.Join(dir, "askpass")
	if err := replaceFile(h, program, "#!/bin/sh\nprintf '%s\\n' \"$DROVER_PASSPHRASE\"\n", 0o700); err != nil {
		return Failf("can't write %s: %w", program, reason(err))
	}
	return work([]string{
		"SSH_ASKPASS=" + program, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0",
		"DROVER_PASSPHRASE=" + passphrase,
	})
}
