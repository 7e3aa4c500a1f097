package access

import (
	"context"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// Authority hands out the values whose methods the role of somebody permits.
type Authority struct {
	Identity
	campaigns *campaign.Service
	control   *Control
}

// NewAuthority returns the authority of somebody over campaigns, administrators and tokens.
func NewAuthority(who Identity, campaigns *campaign.Service, control *Control) *Authority {
	return &Authority{who, campaigns, control}
}

// Permits returns a [*RoleError] unless the role is at least the needed one.
func (a *Authority) Permits(needed Role) error {
	if !a.Role.includes(needed) {
		return &RoleError{a.Role, needed}
	}
	return nil
}

// Viewer returns the value that reads campaigns. Every role has it.
func (a *Authority) Viewer() *campaign.Viewer { return a.campaigns.Viewer() }

// Admin returns the value that runs campaigns, or a [*RoleError].
func (a *Authority) Admin() (*campaign.Admin, error) {
	if err := a.Permits(RoleOperator); err != nil {
		return nil, err
	}
	return a.campaigns.Admin(a.Actor), nil
}

// Manager returns the value that manages administrators and tokens, or a [*RoleError].
func (a *Authority) Manager() (*Manager, error) {
	if err := a.Permits(RoleOwner); err != nil {
		return nil, err
	}
	return a.control.Manager(a.Actor), nil
}

// SetOwnPassword replaces the password of an administrator who has this authority; see
// [Manager.SetPassword].
func (a *Authority) SetOwnPassword(ctx context.Context, typed string) (Login, error) {
	return a.control.Manager(a.Actor).SetPassword(ctx, a.Actor, typed)
}
