"""The addresses of the app, each with the rights it demands."""

from __future__ import annotations

from meritdesk.web.access import health, views
from meritdesk.web.access.rights import PUBLIC, SIGNED_IN
from meritdesk.web.access.routes import route
from meritdesk.web.access.sign_in import views as sign_in

urlpatterns = [
    route("health", health.health, name="health", GET=PUBLIC),
    # signing in: the names are allauth's
    route("sign-in/", sign_in.SignIn.as_view(), name="account_login", GET=PUBLIC, POST=PUBLIC),
    route("sign-in/code/", sign_in.EnterCode.as_view(), name="mfa_authenticate", GET=PUBLIC, POST=PUBLIC),
    route("sign-out/", sign_in.sign_out, name="account_logout", POST=SIGNED_IN),
    route("me/password/", sign_in.ChangePassword.as_view(), name="account_change_password",
          GET=SIGNED_IN, POST=SIGNED_IN),
    route("me/confirm/", sign_in.ConfirmByPassword.as_view(), name="account_reauthenticate",
          GET=SIGNED_IN, POST=SIGNED_IN),
    route("me/confirm/code/", sign_in.ConfirmByCode.as_view(), name="mfa_reauthenticate",
          GET=SIGNED_IN, POST=SIGNED_IN),
    route("me/second-factor/", sign_in.SecondFactor.as_view(), name="mfa_index", GET=SIGNED_IN),
    route("me/second-factor/set-up/", sign_in.SetUpSecondFactor.as_view(), name="mfa_activate_totp",
          GET=SIGNED_IN, POST=SIGNED_IN),
    route("me/second-factor/remove/", sign_in.RemoveSecondFactor.as_view(), name="mfa_deactivate_totp",
          GET=SIGNED_IN, POST=SIGNED_IN),
    route("me/second-factor/codes/", sign_in.RecoveryCodes.as_view(), name="mfa_view_recovery_codes", GET=SIGNED_IN),
    route("me/second-factor/codes/renew/", sign_in.RenewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes",
          GET=SIGNED_IN, POST=SIGNED_IN),
    # accounts
    route("accounts/", views.accounts, name="accounts", GET="accounts.manage"),
    route("accounts/new/", views.new_account, name="account-new", GET="accounts.manage", POST="accounts.manage"),
    route("accounts/for-people/", views.accounts_for_people, name="accounts-for-people",
          GET="accounts.manage", POST="accounts.manage"),
    route("accounts/<int:pk>/", views.account, name="account", GET="accounts.manage"),
    route("accounts/<int:pk>/grant/", views.grant_role, name="account-grant", POST="accounts.manage"),
    route("accounts/<int:pk>/revoke/<int:grant>/", views.revoke_role, name="account-revoke", POST="accounts.manage"),
    route("accounts/<int:pk>/open/", views.open_account, name="account-open", POST="accounts.manage"),
    route("accounts/<int:pk>/close/", views.close_account, name="account-close", POST="accounts.manage"),
    route("accounts/<int:pk>/password/", views.reset_password, name="account-password", POST="accounts.manage"),
    route("accounts/<int:pk>/second-factor/", views.reset_second_factor, name="account-second-factor",
          POST="accounts.manage"),
    # standing in for one another
    route("delegations/", views.delegations, name="delegations", GET="delegations.manage", POST="delegations.manage"),
    route("delegations/<int:pk>/end/", views.end_delegation, name="delegation-end", POST="delegations.manage"),
    # audit
    route("audit/", views.audit, name="audit", GET="audit.read"),
    route("audit/check/", views.check_audit, name="audit-check", POST="audit.read"),
]  # fmt: skip
