package access

import (
	"context"
	"crypto/sha256"
	"slices"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/password"
)

// Manager manages administrators and tokens, and records every change in the audit trail.
type Manager struct {
	control *Control
	actor   string
}

// Manager returns a Manager, which needs a store. actor is its name in the audit trail.
func (c *Control) Manager(actor string) *Manager { return &Manager{c, actor} }

// Administrators returns all administrators except the configured owner, ordered by name.
func (m *Manager) Administrators(ctx context.Context) ([]Administrator, error) {
	return m.control.cfg.Store.Administrators(ctx)
}

// Add adds an administrator. The error wraps [campaign.ErrInvalid] if the name, the role or
// the password is not valid, and [campaign.ErrExists] if the name is taken.
func (m *Manager) Add(ctx context.Context, name string, role Role, typed string) (Administrator, error) {
	name, err := parseName(name)
	if err != nil {
		return Administrator{}, err
	}
	if _, err := ParseRole(string(role)); err != nil {
		return Administrator{}, &campaign.FieldError{Field: "role", Err: err}
	}
	credentials, err := checkedCredentials(typed)
	if err != nil {
		return Administrator{}, err
	}
	added := Administrator{Name: name, Role: role, CreatedAt: m.control.cfg.Now().UTC(), Credentials: credentials}
	err = m.change(ctx, "administrator.add", name, "role "+string(role), func(tx Tx, list []Administrator) error {
		if indexOf(list, name) >= 0 {
			return campaign.Errorf(campaign.ErrExists, "the administrator %s already exists", name)
		}
		return tx.SaveAdministrator(ctx, added)
	})
	return added, err
}

// checkedCredentials returns credentials for a new password.
func checkedCredentials(typed string) (Credentials, error) {
	if err := password.CheckNew(typed); err != nil {
		return Credentials{}, invalid("password", "%v", err)
	}
	hash, err := password.Hash(typed)
	if err != nil {
		return Credentials{}, err
	}
	return newCredentials(hash)
}

// SetPassword replaces the password of an administrator, which ends the administrator's
// sessions. It returns the login with the new password. The error wraps
// [campaign.ErrInvalid] if the password is too short or too long.
func (m *Manager) SetPassword(ctx context.Context, name, typed string) (Login, error) {
	credentials, err := checkedCredentials(typed)
	if err != nil {
		return Login{}, err
	}
	name = cleanName(name)
	err = m.edit(ctx, "administrator.password", name, "", func(a *Administrator) { a.Credentials = credentials })
	return Login{name, credentials.Generation}, err
}

// SetRole replaces the role of an administrator. The last owner keeps the role; see
// [Manager.Remove].
func (m *Manager) SetRole(ctx context.Context, name string, role Role) error {
	if _, err := ParseRole(string(role)); err != nil {
		return &campaign.FieldError{Field: "role", Err: err}
	}
	return m.edit(ctx, "administrator.role", cleanName(name), "role "+string(role), func(a *Administrator) { a.Role = role })
}

// Remove removes an administrator, which ends the administrator's sessions. If no password
// is configured, the last owner cannot be removed, and the error wraps
// [campaign.ErrState].
func (m *Manager) Remove(ctx context.Context, name string) error {
	name = cleanName(name)
	return m.change(ctx, "administrator.remove", name, "", func(tx Tx, list []Administrator) error {
		i := indexOf(list, name)
		if i < 0 {
			return noAdministrator(name)
		}
		if err := m.keepsOwner(slices.Delete(slices.Clone(list), i, i+1), list); err != nil {
			return err
		}
		return tx.DeleteAdministrator(ctx, name)
	})
}

// edit changes a stored administrator.
func (m *Manager) edit(ctx context.Context, action, name, detail string, f func(*Administrator)) error {
	return m.change(ctx, action, name, detail, func(tx Tx, list []Administrator) error {
		i := indexOf(list, name)
		if i < 0 {
			return noAdministrator(name)
		}
		after := slices.Clone(list)
		f(&after[i])
		if err := m.keepsOwner(after, list); err != nil {
			return err
		}
		return tx.SaveAdministrator(ctx, after[i])
	})
}

// change runs f with the administrators and records the change.
func (m *Manager) change(ctx context.Context, action, subject, detail string, f func(tx Tx, list []Administrator) error) error {
	return m.control.cfg.Store.Update(ctx, func(tx Tx) error {
		list, err := tx.LockAdministrators(ctx)
		if err != nil {
			return err
		}
		if err := f(tx, list); err != nil {
			return err
		}
		return tx.AddChange(ctx, campaign.Change{At: m.control.cfg.Now(), Actor: m.actor, Action: action, Subject: subject, Detail: detail})
	})
}

func indexOf(list []Administrator, name string) int {
	return slices.IndexFunc(list, func(a Administrator) bool { return a.Name == name })
}

// keepsOwner returns an error if a change would remove the last owner.
func (m *Manager) keepsOwner(after, before []Administrator) error {
	isOwner := func(a Administrator) bool { return a.Role == RoleOwner }
	if m.control.cfg.Password != "" || slices.ContainsFunc(after, isOwner) || !slices.ContainsFunc(before, isOwner) {
		return nil
	}
	return campaign.Errorf(campaign.ErrState, "this is the last owner, and no password is configured; add another owner first")
}

// Tokens returns all tokens except the configured one, ordered by name.
func (m *Manager) Tokens(ctx context.Context) ([]Token, error) {
	return m.control.cfg.Store.Tokens(ctx)
}

// AddToken adds an API token and returns its secret, which cannot be read again. The error
// wraps [campaign.ErrInvalid] if the name or the role is not valid, and
// [campaign.ErrExists] if the name is taken.
func (m *Manager) AddToken(ctx context.Context, name string, role Role) (secret string, err error) {
	if name, err = parseName(name); err != nil {
		return "", err
	}
	if _, err := ParseRole(string(role)); err != nil {
		return "", &campaign.FieldError{Field: "role", Err: err}
	}
	secret = newToken()
	added := Token{Name: name, Role: role, CreatedAt: m.control.cfg.Now().UTC()}
	err = m.change(ctx, "token.add", name, "role "+string(role), func(tx Tx, _ []Administrator) error {
		return tx.AddToken(ctx, added, sha256.Sum256([]byte(secret)))
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// RevokeToken makes a token invalid.
func (m *Manager) RevokeToken(ctx context.Context, name string) error {
	name = cleanName(name)
	return m.change(ctx, "token.revoke", name, "", func(tx Tx, _ []Administrator) error { return tx.DeleteToken(ctx, name) })
}
