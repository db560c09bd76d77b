package modules

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

type keypairArgs struct {
	Path       string  `arg:"path" type:"path" required:"true" doc:"File of the private key; the public key is beside it, with .pub."`
	State      string  `arg:"state" default:"present" choices:"absent,present" doc:"Whether the pair is there."`
	Type       string  `arg:"type" default:"rsa" choices:"rsa,dsa,rsa1,ecdsa,ed25519" doc:"Kind of the key."`
	Size       int     `arg:"size" doc:"Number of bits: 4096 for rsa when not given; ecdsa knows 256, 384 and 521; the others have one size."`
	Comment    *string `arg:"comment" doc:"Comment of the public key."`
	Passphrase *string `arg:"passphrase" nolog:"true" doc:"Passphrase of the private key."`
	Force      bool    `arg:"force" default:"false" doc:"Make a new pair though one is there."`
	Regenerate string  `arg:"regenerate" default:"partial_idempotence" choices:"never,fail,partial_idempotence,full_idempotence,always" doc:"What to do with a key of another type or size, and with one that can't be read: partial_idempotence replaces the first and fails at the second, full_idempotence replaces both."`
	Format     string  `arg:"private_key_format" default:"auto" choices:"auto,pkcs1,pkcs8,ssh" doc:"Format of the private key: auto and ssh are OpenSSH's own, pkcs1 is PEM, pkcs8 is PKCS8."`
	Backend    string  `arg:"backend" default:"auto" choices:"auto,cryptography,opensshbin" doc:"Taken for compatibility: the host's ssh-keygen does it."`
	FileArgs
}

// keypairModule makes a pair of SSH keys be there.
func keypairModule() Module {
	return Define(Spec{
		Name:     "community.crypto.openssh_keypair",
		Summary:  "Make pairs of SSH keys",
		Doc:      "Makes a private and a public SSH key be there, of a type and size, or not be there. A public key that is missing or does not belong to the private one is made of it again. owner, group and mode go for both files.\nThe keys are made by the host's ssh-keygen; a passphrase is in no list of processes.",
		Check:    CheckFull,
		Diff:     true,
		Examples: "- name: A key for deployments\n  community.crypto.openssh_keypair:\n    path: /home/deploy/.ssh/id_ed25519\n    type: ed25519\n    owner: deploy\n",
		Returns: []Return{
			{"filename", "str", "always", "File of the private key."},
			{"fingerprint", "str", "when there is a key", "Its fingerprint."},
			{"public_key", "str", "when there is a key", "The public key."},
			{"comment", "str", "when there is a key", "Its comment."},
			{"size", "int", "always", "Number of bits."},
			{"type", "str", "always", "Kind of the key."},
		},
	}, runKeypair)
}

func runKeypair(ctx context.Context, h target.Host, c *Call, a *keypairArgs) (*Result, error) {
	if err := a.verify(h); err != nil {
		return nil, err
	}
	k := &keypair{keypairArgs: a, h: h, c: c, res: new(Result)}
	before, err := k.read(ctx)
	if err != nil {
		return nil, err
	}
	if a.State == "absent" {
		err = k.remove()
	} else {
		err = k.make(ctx, before)
	}
	if err != nil {
		return nil, err
	}
	after := before
	switch {
	case k.res.Changed && !c.Check:
		if after, err = k.read(ctx); err != nil {
			return nil, err
		}
	case a.State == "absent" && c.Check:
		k.leftover = new(keyFiles)
	}
	return k.report(before, after), nil
}

// verify refuses sizes that the type does not have, and fills in the usual one.
func (a *keypairArgs) verify(h target.Host) error {
	usual := map[string]int{"rsa": 4096, "rsa1": 4096, "dsa": 1024, "ecdsa": 256, "ed25519": 256}[a.Type]
	switch {
	case a.Size == 0 || a.Type == "ed25519":
		a.Size = usual
	case a.Type == "ecdsa" && !slices.Contains([]int{256, 384, 521}, a.Size):
		return Failf("For ECDSA keys, size determines the key length by selecting from one of three elliptic curve sizes: 256, 384 or 521 bits; %d is none of them", a.Size)
	case a.Type == "dsa" && a.Size != 1024:
		return Failf("DSA keys must be exactly 1024 bits as specified by FIPS 186-2.")
	case strings.HasPrefix(a.Type, "rsa") && a.Size < 1024:
		return Failf("For RSA keys, the minimum size is 1024 bits and the default is 4096 bits; %d is too small", a.Size)
	}
	switch dir := filepath.Dir(a.Path); {
	case !isDir(h, dir):
		return Failf("The directory %s does not exist or the file is not a directory", dir)
	case isDir(h, a.Path):
		return Failf("%s is a directory. Please specify a path to a file.", a.Path)
	}
	if a.Force {
		a.Regenerate = "always"
	}
	_, err := requireTool(h, "ssh-keygen")
	return err
}

// keypair is the work on one pair.
type keypair struct {
	*keypairArgs
	h   target.Host
	c   *Call
	res *Result
	// leftover is what check mode shows in the diff instead of what is there.
	leftover *keyFiles
}

// keyFiles is a pair as it is: what ssh-keygen tells of the private key, and the
// line of the public one.
type keyFiles struct {
	exists            bool // the private key
	size              int
	kind, fingerprint string
	derived           string // public key made of the private one; "" when that can't be read
	public            string
}

// read looks at both files.
func (k *keypair) read(ctx context.Context) (*keyFiles, error) {
	now := new(keyFiles)
	if data, err := k.h.ReadFile(k.Path + ".pub"); err == nil {
		now.public = strings.TrimSpace(string(data))
	}
	if _, err := k.h.Stat(k.Path); err != nil {
		return now, nil
	}
	now.exists = true
	listed, err := runTool(ctx, k.h, "ssh-keygen", "-l", "-f", k.Path)
	if err != nil {
		return nil, err
	}
	// 256 SHA256:… comment (ED25519)
	if words := strings.Fields(listed.Stdout); listed.RC == 0 && len(words) >= 3 {
		now.size, _ = strconv.Atoi(words[0])
		now.fingerprint = words[1]
		now.kind = strings.ToLower(strings.Trim(words[len(words)-1], "()"))
	}
	derived, err := k.keygen(ctx, "-y", "-f", k.Path)
	if err != nil {
		return nil, err
	}
	if derived.RC == 0 {
		now.derived = strings.TrimSpace(derived.Stdout)
	}
	return now, nil
}

// keygen runs ssh-keygen, which asks for the passphrase when it needs it.
func (k *keypair) keygen(ctx context.Context, args ...string) (out toolOutput, err error) {
	cmd := target.Cmd{Argv: append([]string{"ssh-keygen"}, args...)}
	passphrase := ""
	if k.Passphrase != nil {
		passphrase = *k.Passphrase
	}
	err = withAskpass(k.h, passphrase, func(env []string) error {
		cmd.Env = env
		out, err = runToolWith(ctx, k.h, cmd)
		return err
	})
	return out, err
}

func (k *keypair) remove() error {
	for _, file := range []string{k.Path, k.Path + ".pub"} {
		if _, err := k.h.Lstat(file); err != nil {
			continue
		}
		k.res.Changed = true
		if k.c.Check {
			continue
		}
		if err := k.h.Remove(file); err != nil {
			return Failf("can't remove %s: %w", file, reason(err))
		}
	}
	return nil
}

func (k *keypair) make(ctx context.Context, now *keyFiles) error {
	renew, err := k.renews(now)
	if err != nil {
		return err
	}
	switch {
	case renew:
		err = k.generate(ctx)
	case !k.publicFits(now):
		err = k.restorePublic(ctx, now)
	}
	if err != nil {
		return err
	}
	for _, file := range []string{k.Path, k.Path + ".pub"} {
		if _, err := k.h.Lstat(file); err != nil && k.c.Check {
			continue
		}
		changed, err := k.Apply(ctx, k.h, k.c, file, nil)
		if err != nil {
			return err
		}
		k.res.Changed = k.res.Changed || changed
	}
	return nil
}

// renews reports whether a new pair is to be made.
func (k *keypair) renews(now *keyFiles) (bool, error) {
	careful := slices.Contains([]string{"never", "fail", "partial_idempotence"}, k.Regenerate)
	fits := now.kind == k.Type && now.size == k.Size && now.derived != ""
	switch {
	case !now.exists:
		return true, nil
	case careful && now.derived == "":
		return false, Failf("Unable to read the key. The key is protected with a passphrase or broken. Will not proceed. To force regeneration, call the module with `regenerate` set to `full_idempotence` or `always`, or with `force=true`.")
	case k.Regenerate == "never":
		return false, nil
	case k.Regenerate == "fail" && !fits:
		return false, Failf("Key has wrong type and/or size. Will not proceed. To force regeneration, call the module with `regenerate` set to `partial_idempotence`, `full_idempotence` or `always`, or with `force=true`.")
	}
	return k.Regenerate == "always" || !fits, nil
}

// generate makes the pair in a folder beside its place and moves it there, so
// that a failure leaves the former one.
func (k *keypair) generate(ctx context.Context) error {
	k.res.Changed = true
	if k.c.Check {
		return nil
	}
	dir, err := k.h.MkdirTemp(filepath.Dir(k.Path), ".keypair-")
	if err != nil {
		return Failf("can't make a folder beside %s: %w", k.Path, reason(err))
	}
	defer k.h.RemoveAll(dir)
	file := filepath.Join(dir, "key")
	args := []string{"-q", "-b", strconv.Itoa(k.Size), "-t", k.Type, "-f", file, "-C", k.comment()}
	switch k.Format {
	case "pkcs1":
		args = append(args, "-m", "PEM")
	case "pkcs8":
		args = append(args, "-m", "PKCS8")
	}
	if k.Passphrase == nil || *k.Passphrase == "" {
		args = append(args, "-N", "")
	}
	out, err := k.keygen(ctx, args...)
	if err != nil {
		return err
	}
	if err := out.failure(append([]string{"ssh-keygen"}, args...)); err != nil {
		return err
	}
	for _, suffix := range []string{"", ".pub"} {
		if err := k.h.Rename(file+suffix, k.Path+suffix); err != nil {
			return Failf("can't put the key at %s: %w", k.Path+suffix, reason(err))
		}
	}
	return nil
}

func (k *keypair) comment() string {
	if k.Comment == nil {
		return ""
	}
	return *k.Comment
}

// publicFits reports whether the public key belongs to the private one and bears
// the comment asked for.
func (k *keypair) publicFits(now *keyFiles) bool {
	kind, key, comment := publicParts(now.public)
	wantKind, wantKey, _ := publicParts(now.derived)
	return kind == wantKind && key == wantKey && (k.Comment == nil || comment == *k.Comment)
}

// publicParts splits the line of a public key.
func publicParts(line string) (kind, key, comment string) {
	kind, rest, _ := strings.Cut(line, " ")
	key, comment, _ = strings.Cut(rest, " ")
	return kind, key, comment
}

// restorePublic writes the public key again, and the comment also into the
// private one.
func (k *keypair) restorePublic(ctx context.Context, now *keyFiles) error {
	k.res.Changed = true
	if k.c.Check {
		return nil
	}
	kind, key, comment := publicParts(now.derived)
	if k.Comment != nil {
		comment = *k.Comment
	}
	line := strings.TrimSpace(kind+" "+key+" "+comment) + "\n"
	w := writing{Path: k.Path + ".pub", Mode: 0o644, Unsafe: k.inPlace(k.h)}
	if err := w.writeBytes(ctx, k.h, []byte(line)); err != nil || k.Comment == nil {
		return err
	}
	args := []string{"-q", "-c", "-C", *k.Comment, "-f", k.Path}
	out, err := k.keygen(ctx, args...)
	if err != nil {
		return err
	}
	return out.failure(append([]string{"ssh-keygen"}, args...))
}

func (k *keypair) report(before, after *keyFiles) *Result {
	kind, key, comment := publicParts(after.public)
	k.res.Set("size", k.Size).Set("type", k.Type).Set("filename", k.Path)
	k.res.Set("fingerprint", after.fingerprint).Set("public_key", strings.TrimSpace(kind+" "+key)).Set("comment", comment)
	if k.leftover != nil {
		after = k.leftover
	}
	if k.c.Diff {
		k.res.Diff = []Diff{{BeforeState: before.state(), AfterState: after.state()}}
	}
	return k.res
}

// state is what the diff shows of a pair.
func (f *keyFiles) state() *value.Dict {
	d := value.NewDict(4)
	if f.exists {
		d.Update(value.DictOf("size", f.size, "type", f.kind, "fingerprint", f.fingerprint))
	}
	if f.public != "" {
		_, key, comment := publicParts(f.public)
		d.Update(value.DictOf("comment", comment, "public_key", key))
	}
	return d
}
