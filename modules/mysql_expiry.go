package modules

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/GehirnInc/crypt/common"
	"github.com/GehirnInc/crypt/sha256_crypt"

	"drover/playbook/value"
)

// saltedSHA256 gives what caching_sha2_password keeps of a password: crypt(3)'s
// SHA-256 of 5000 rounds, with a salt of 20 letters instead of at most 16.
func saltedSHA256(password, salt string) string {
	scheme := sha256_crypt.New()
	scheme.SetSalt(common.Salt{MagicPrefix: []byte(sha256_crypt.MagicPrefix), SaltLenMin: 1, SaltLenMax: len(salt), RoundsMin: 1000, RoundsMax: 999999999, RoundsDefault: 5000})
	hash, err := scheme.Generate([]byte(password), []byte("$5$"+salt))
	if err != nil {
		return ""
	}
	return "$A$005$" + salt + hash[strings.LastIndexByte(hash, '$')+1:]
}

// expireClause writes when the password expires.
func (u *mysqlUser) expireClause() string {
	switch u.Expire {
	case "now":
		return " PASSWORD EXPIRE"
	case "interval":
		return fmt.Sprintf(" PASSWORD EXPIRE INTERVAL %d DAY", *u.ExpireDays)
	}
	return " PASSWORD EXPIRE " + strings.ToUpper(u.Expire)
}

func (u *mysqlUser) setExpiry(ctx context.Context, host string) error {
	if u.Expire == "" {
		return nil
	}
	where := " WHERE User = " + mysqlQuote(u.User) + " AND Host = " + mysqlQuote(host)
	query := "SELECT IFNULL(password_lifetime, -1), password_expired FROM mysql.user" + where
	if u.s.mariaDB {
		query = "SELECT IFNULL(JSON_VALUE(Priv, '$.password_lifetime'), -1), (SELECT password_expired FROM mysql.user" + where + ") FROM mysql.global_priv" + where
	}
	now, err := u.s.row(ctx, query)
	if err != nil {
		return Failf("The server version does not match the requirements for password_expire parameter: %w", err)
	}
	wanted := map[string]string{"default": "-1", "never": "0"}[u.Expire]
	if u.Expire == "interval" {
		wanted = strconv.Itoa(*u.ExpireDays)
	}
	if u.Expire == "now" && now.text(1) == "Y" || wanted != "" && now.text(0) == wanted {
		return nil
	}
	u.passwordChanged = true
	return u.do(ctx, u.msg, "ALTER USER "+mysqlAccount(u.User, host)+u.expireClause())
}

func (u *mysqlUser) setLock(ctx context.Context, host string) error {
	if u.Locked == nil {
		return nil
	}
	account := mysqlAccount(u.User, host)
	row, err := u.s.row(ctx, "SHOW CREATE USER "+account)
	if err != nil || strings.Contains(row.text(len(row)-1), "ACCOUNT LOCK") == *u.Locked {
		return err
	}
	if *u.Locked {
		return u.do(ctx, "User locked", "ALTER USER "+account+" ACCOUNT LOCK")
	}
	return u.do(ctx, "User unlocked", "ALTER USER "+account+" ACCOUNT UNLOCK")
}

// supportsAttributes fails where the server keeps no notes on accounts.
func (u *mysqlUser) supportsAttributes(ctx context.Context) error {
	if u.s.mariaDB {
		return Failf("user attributes were specified but the server does not support user attributes")
	}
	if _, err := u.s.query(ctx, "SELECT attribute FROM INFORMATION_SCHEMA.USER_ATTRIBUTES LIMIT 1"); err != nil {
		return Failf("user attributes were specified but the server does not support user attributes: %w", err)
	}
	return nil
}

func attributeClause(d *value.Dict) string { return " ATTRIBUTE " + mysqlQuote(value.JSON(d)) }

func (u *mysqlUser) setAttributes(ctx context.Context, host string) error {
	if u.Attributes.Len() == 0 {
		return nil
	}
	if err := u.supportsAttributes(ctx); err != nil {
		return err
	}
	row, err := u.s.row(ctx, "SELECT attribute FROM INFORMATION_SCHEMA.USER_ATTRIBUTES WHERE USER = "+mysqlQuote(u.User)+" AND HOST = "+mysqlQuote(host))
	if err != nil {
		return err
	}
	now := new(value.Dict)
	if v, err := value.ParseJSON([]byte(row.text(0))); err == nil {
		if d, ok := v.(*value.Dict); ok {
			now = d
		}
	}
	changes, said, after := new(value.Dict), []string(nil), new(value.Dict)
	after.Update(now)
	for _, e := range u.Attributes.Entries() {
		key := value.String(e.Key)
		if had, known := now.Lookup(key); known && value.Equal(had, e.Val) {
			continue
		}
		changes.Put(key, e.Val)
		said = append(said, key+": "+value.String(e.Val))
		if after.Put(key, e.Val); e.Val == value.None {
			after.Delete(value.Str(key))
		}
	}
	u.attributes = after
	if changes.Len() == 0 {
		return nil
	}
	return u.do(ctx, "Attributes updated: "+strings.Join(said, ", "), "ALTER USER "+mysqlAccount(u.User, host)+attributeClause(changes))
}
