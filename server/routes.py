"""The one table of what the server answers to under /api/v1. The router and the OpenAPI document are made
from it.
"""

from __future__ import annotations

from server.accounts import handlers as accounts
from server.accounts import rules as account_rules
from server.calendars import handlers as calendars
from server.call import ANYONE, SIGNED_IN, Access, Route
from server.limits import Rate
from server.mail import handlers as mail
from server.problems import PERMISSION_DENIED
from server.registrations import export, invitations, staff
from server.registrations import handlers as registrations
from server.registrations import rules as registering
from server.rooms import handlers as rooms
from server.rooms import media as room_media
from server.rooms import rules as joining
from server.sessions import agenda, editing, log, overrides, roles, seats, stages, timeslots, wire
from server.sessions import handlers as sessions
from server.sessions import rules as planning
from server.sessions.scope import NO_SUCH_SEAT, NO_SUCH_TIMESLOT
from server.site import handlers as site
from server.site import rules as site_rules
from signalling.permissions import Editing, Permission

PREFIX = "/api/v1"

_EDIT = Access(signed_in=True, permission=Permission.SESSION_EDIT)
_EDIT_PROGRAMME = Access(signed_in=True, permission=Permission.SESSION_EDIT, editing=Editing.PROGRAMME)
_MANAGE = Access(signed_in=True, permission=Permission.PARTICIPANTS_MANAGE)
_SEES_REGISTRATIONS = Access(signed_in=True, permission=Permission.REGISTRATIONS_VIEW)

_SEES_MEDIA = Access(signed_in=True, permission=Permission.ANALYTICS_VIEW, or_admin=True)
_EXPORTS = Access(signed_in=True, permission=Permission.ATTENDANCE_EXPORT)

_OFTEN = Rate(60, 60)
_SELDOM = Rate(60, 600)

_VERSIONED = (planning.VERSION_CONFLICT, planning.VERSION_REQUIRED)
_TIMES = (planning.BAD_RULE, planning.NO_SUCH_TIME)
_REGISTERING = (
    registering.NO_SUCH_SEAT,
    registering.INVITE_ONLY,
    registering.PREMIUM,
    registering.PREREQUISITE,
    invitations.NO_SUCH_INVITATION,
    invitations.EXPIRED,
    invitations.USED,
    invitations.NOT_YOURS,
    invitations.REMOVED,
)

# fmt: off
ROUTES: tuple[Route, ...] = (
    # --- accounts
    Route("POST", "/accounts", accounts.sign_up, ANYONE, "Create an account and sign in",
          body=accounts.SignUp, answer=accounts.Me, status=201, refusals=(account_rules.EMAIL_TAKEN,)),
    Route("POST", "/sign-in", accounts.sign_in, ANYONE, "Sign in",
          body=accounts.Credentials, answer=accounts.Me, refusals=(account_rules.WRONG_PASSWORD,)),
    Route("POST", "/sign-out", accounts.sign_out, ANYONE, "Sign this browser out"),
    Route("GET", "/me", accounts.show_me, SIGNED_IN, "Your account",
          answer=accounts.Me),
    Route("PATCH", "/me", accounts.change_me, SIGNED_IN, "Change your name or time zone",
          body=accounts.Profile, answer=accounts.Me),
    Route("GET", "/me/tokens", accounts.list_tokens, SIGNED_IN, "Your API tokens",
          answer=accounts.TokenList),
    Route("POST", "/me/tokens", accounts.create_token, SIGNED_IN,
          "Create an API token; it is shown this once",
          body=accounts.NewToken, answer=accounts.TokenWithSecret, status=201,
          refusals=(account_rules.TOO_MANY_TOKENS,), rate=_SELDOM),
    Route("DELETE", "/me/tokens/{token_id}", accounts.delete_token, SIGNED_IN, "Delete an API token",
          refusals=(account_rules.NO_SUCH_TOKEN,)),

    # --- sessions
    Route("GET", "/sessions", sessions.list_sessions, ANYONE, "Sessions to come, past ones, or your own",
          query=wire.SessionQuery, answer=wire.SessionList),
    Route("POST", "/sessions", sessions.create_session, Access(signed_in=True, creates_sessions=True),
          "Create a draft with one timeslot",
          body=wire.NewSession, answer=wire.SessionDetail, status=201,
          refusals=(planning.CREATING_DENIED, planning.NO_PROVIDER, planning.NO_SUCH_TIME),
          rate=_SELDOM),
    Route("GET", "/sessions/{session_id}", sessions.show_session, ANYONE,
          "A session, and what you may do in it",
          answer=wire.SessionDetail, refusals=(planning.NO_SUCH_SESSION,)),
    Route("PATCH", "/sessions/{session_id}", sessions.edit_session, _EDIT_PROGRAMME, "Change a session",
          body=wire.SessionChange, answer=wire.SessionDetail, headers=("If-Match",),
          refusals=(planning.NO_SUCH_SESSION, planning.VERSION_CONFLICT, planning.VERSION_REQUIRED,
                    planning.SEATS_TAKEN, planning.PUBLIC_INVITE, planning.BAD_WINDOW,
                    planning.NO_PROVIDER, planning.NO_SUCH_TIME, editing.NO_GUESTS)),
    Route("DELETE", "/sessions/{session_id}", sessions.delete_session, _EDIT,
          "Delete a draft, what nobody registered for, or what was archived",
          body=wire.Deletion,
          refusals=(planning.NO_SUCH_SESSION, planning.CANNOT_DELETE, planning.NOT_CONFIRMED)),
    Route("POST", "/sessions/{session_id}/publish", sessions.publish_session, _EDIT,
          "Publish, or reopen what was cancelled",
          answer=wire.SessionDetail, refusals=(planning.NO_SUCH_SESSION,)),
    Route("POST", "/sessions/{session_id}/cancel", sessions.cancel_session, _EDIT,
          "Cancel a published session",
          body=wire.Cancellation, answer=wire.SessionDetail,
          refusals=(planning.NO_SUCH_SESSION, planning.NOT_PUBLISHED)),
    Route("GET", "/sessions/{session_id}/cancel", stages.preview_cancelling, _EDIT,
          "How many mails cancelling would send",
          answer=stages.CancellingPreview, refusals=(planning.NO_SUCH_SESSION,)),
    Route("POST", "/sessions/{session_id}/close", stages.close_session, _EDIT,
          "Close registration",
          answer=wire.SessionDetail, refusals=(planning.NO_SUCH_SESSION, planning.NOT_PUBLISHED)),
    Route("POST", "/sessions/{session_id}/reopen", stages.reopen_session, _EDIT,
          "Open registration again, also of what was cancelled",
          answer=wire.SessionDetail, refusals=(planning.NO_SUCH_SESSION, planning.NOT_PUBLISHED)),
    Route("POST", "/sessions/{session_id}/archive", stages.archive_session, _EDIT,
          "Put away what is over or cancelled",
          answer=wire.SessionDetail, refusals=(planning.NO_SUCH_SESSION, stages.NOT_OVER)),
    Route("GET", "/sessions/{session_id}/roles", roles.list_roles, _SEES_REGISTRATIONS,
          "Roles given in a session",
          answer=wire.RoleList, refusals=(planning.NO_SUCH_SESSION,)),
    Route("POST", "/sessions/{session_id}/roles", roles.assign_role, _MANAGE, "Give somebody a role",
          body=wire.NewRole, answer=wire.RoleInfo, status=201, rate=_OFTEN,
          refusals=(planning.NO_SUCH_SESSION, NO_SUCH_TIMESLOT, planning.ROLE_TOO_HIGH,
                    planning.ROLE_EXISTS, planning.ALREADY_EXPIRED, planning.NO_SUCH_ACCOUNT)),
    Route("DELETE", "/sessions/{session_id}/roles/{assignment_id}", roles.remove_role, _MANAGE,
          "Take a role away",
          refusals=(planning.NO_SUCH_SESSION, planning.ROLE_TOO_HIGH, planning.NO_SUCH_ROLE)),
    Route("GET", "/sessions/{session_id}/overrides", overrides.list_overrides, _SEES_REGISTRATIONS,
          "What single people may or may not do whatever their roles say",
          answer=overrides.OverrideList, refusals=(planning.NO_SUCH_SESSION,)),
    Route("POST", "/sessions/{session_id}/overrides", overrides.add_override, _MANAGE,
          "Allow or deny something to one person",
          body=overrides.NewOverride, answer=overrides.OverrideInfo, status=201, rate=_OFTEN,
          refusals=(planning.NO_SUCH_SESSION, NO_SUCH_TIMESLOT, planning.NO_SUCH_ACCOUNT,
                    overrides.NOT_TO_GIVE, overrides.NOT_TO_TAKE, overrides.EXISTS)),
    Route("DELETE", "/sessions/{session_id}/overrides/{override_id}", overrides.remove_override, _MANAGE,
          "Remove an exception",
          refusals=(planning.NO_SUCH_SESSION, overrides.NO_SUCH_OVERRIDE, overrides.NOT_TO_GIVE,
                    overrides.NOT_TO_TAKE)),
    Route("GET", "/sessions/{session_id}/people/{account_id}/permissions", overrides.explain_person,
          SIGNED_IN, "What somebody may do in a session, and why",
          query=overrides.ExplainQuery, answer=overrides.Explained,
          refusals=(planning.NO_SUCH_SESSION, planning.NO_SUCH_ACCOUNT, PERMISSION_DENIED)),
    Route("GET", "/sessions/{session_id}/audit", log.show_log,
          Access(signed_in=True, permission=Permission.AUDIT_VIEW), "What was done, latest first",
          query=log.AuditQuery, answer=log.AuditLog, refusals=(planning.NO_SUCH_SESSION,)),
    Route("POST", "/timeslots/{timeslot_id}/end", sessions.end_timeslot,
          Access(signed_in=True, permission=Permission.SESSION_END), "End a running session for everyone",
          answer=wire.SessionDetail,
          refusals=(NO_SUCH_TIMESLOT, planning.NOT_PUBLISHED, planning.NOT_STARTED)),

    # --- timeslots
    Route("POST", "/sessions/{session_id}/timeslots", timeslots.add_timeslots, _EDIT,
          "Add a timeslot, or a series of them",
          body=timeslots.AddedTimeslot, answer=wire.SessionDetail, status=201, headers=("If-Match",),
          refusals=(planning.NO_SUCH_SESSION, NO_SUCH_TIMESLOT, *_VERSIONED, *_TIMES, timeslots.TOO_MANY)),
    Route("POST", "/timeslots/preview", timeslots.preview_series, SIGNED_IN,
          "When the timeslots of a rule would be",
          body=timeslots.Repeating, answer=timeslots.Occurrences, rate=_OFTEN, refusals=_TIMES),
    Route("PATCH", "/timeslots/{timeslot_id}", timeslots.change_timeslot, _EDIT,
          "Change a timeslot, or it and those that follow",
          body=wire.TimeslotChange, query=timeslots.TimeslotQuery, answer=wire.SessionDetail,
          headers=("If-Match",),
          refusals=(NO_SUCH_TIMESLOT, *_VERSIONED, planning.NO_SUCH_TIME, planning.BAD_WINDOW)),
    Route("GET", "/timeslots/{timeslot_id}/cancel", timeslots.preview_calling_off, _EDIT,
          "How many mails calling it off would send",
          query=timeslots.TimeslotQuery, answer=timeslots.TimeslotCancelling,
          refusals=(NO_SUCH_TIMESLOT,)),
    Route("POST", "/timeslots/{timeslot_id}/cancel", timeslots.call_off_timeslot, _EDIT,
          "Call off a timeslot, or it and those that follow",
          body=timeslots.Calling, answer=wire.SessionDetail, headers=("If-Match",),
          refusals=(NO_SUCH_TIMESLOT, *_VERSIONED)),
    Route("POST", "/timeslots/{timeslot_id}/reopen", timeslots.put_timeslot_back, _EDIT,
          "Put back a timeslot that was called off",
          answer=wire.SessionDetail, headers=("If-Match",),
          refusals=(NO_SUCH_TIMESLOT, *_VERSIONED, timeslots.NOT_CANCELLED)),
    Route("DELETE", "/timeslots/{timeslot_id}", timeslots.remove_timeslot, _EDIT,
          "Remove a timeslot that nobody registered for",
          answer=wire.SessionDetail, headers=("If-Match",),
          refusals=(NO_SUCH_TIMESLOT, *_VERSIONED, timeslots.LAST_TIMESLOT, timeslots.TIMESLOT_USED)),

    # --- the run of show
    Route("GET", "/timeslots/{timeslot_id}/agenda", agenda.show_agenda, ANYONE, "The agenda",
          answer=agenda.AgendaInfo, refusals=(NO_SUCH_TIMESLOT,)),
    Route("PUT", "/timeslots/{timeslot_id}/agenda", agenda.write_agenda, _EDIT_PROGRAMME,
          "Write the agenda",
          body=agenda.AgendaBody, answer=agenda.AgendaInfo, headers=("If-Match",),
          refusals=(NO_SUCH_TIMESLOT, *_VERSIONED, agenda.NO_SUCH_PRESENTER)),
    Route("DELETE", "/timeslots/{timeslot_id}/agenda", agenda.reset_agenda, _EDIT_PROGRAMME,
          "Go back to the agenda that follows from the presenters",
          answer=agenda.AgendaInfo, headers=("If-Match",), refusals=(NO_SUCH_TIMESLOT, *_VERSIONED)),

    # --- seats
    Route("POST", "/timeslots/{timeslot_id}/seats", seats.add_seat, _EDIT, "Add a kind of seat",
          body=seats.NewSeat, answer=wire.SessionDetail, status=201, headers=("If-Match",),
          refusals=(NO_SUCH_TIMESLOT, *_VERSIONED, seats.TOO_MANY)),
    Route("PATCH", "/seats/{seat_id}", seats.change_seat, _EDIT, "Change a kind of seat",
          body=seats.SeatChange, answer=wire.SessionDetail, headers=("If-Match",),
          refusals=(NO_SUCH_SEAT, *_VERSIONED, planning.SEATS_TAKEN, seats.MIN_ABOVE_MAX)),
    Route("DELETE", "/seats/{seat_id}", seats.remove_seat, _EDIT, "Remove a kind of seat",
          answer=wire.SessionDetail, headers=("If-Match",),
          refusals=(NO_SUCH_SEAT, *_VERSIONED, seats.IN_USE, seats.LAST_SEAT)),

    # --- invitations
    Route("GET", "/sessions/{session_id}/invitations", invitations.list_invitations, _MANAGE,
          "Invitations to a session",
          answer=invitations.InvitationList, refusals=(planning.NO_SUCH_SESSION,)),
    Route("POST", "/sessions/{session_id}/invitations", invitations.create_invitation, _MANAGE,
          "Invite one person by mail, or make a token to share; it is shown this once",
          body=invitations.NewInvitation, answer=invitations.InvitationWithToken, status=201, rate=_OFTEN,
          refusals=(planning.NO_SUCH_SESSION, planning.ROLE_TOO_HIGH, invitations.NO_SUCH_SLOT,
                    invitations.NO_SUCH_PART)),
    Route("DELETE", "/sessions/{session_id}/invitations/{invitation_id}", invitations.revoke_invitation,
          _MANAGE, "Revoke an invitation",
          refusals=(planning.NO_SUCH_SESSION, invitations.NO_SUCH_INVITATION)),
    Route("POST", "/invitations/open", invitations.open_invitation, ANYONE, "What an invitation is for",
          body=invitations.TokenBody, answer=invitations.InvitationCard, rate=_OFTEN,
          refusals=(invitations.NO_SUCH_INVITATION, invitations.EXPIRED, invitations.USED)),
    Route("POST", "/invitations/accept", invitations.accept_role, SIGNED_IN,
          "Take up the role that an invitation carries",
          body=invitations.TokenBody, rate=_OFTEN,
          refusals=(invitations.NO_SUCH_INVITATION, invitations.EXPIRED, invitations.USED,
                    invitations.NOT_YOURS, invitations.NO_ROLE, planning.ROLE_EXISTS)),

    # --- the site
    Route("GET", "/site", site.show_site, ANYONE, "The site's settings", answer=site_rules.Site),
    Route("PATCH", "/site", site.change_site, Access(signed_in=True, admin=True),
          "Change the site's settings",
          body=site_rules.SiteChange, answer=site_rules.Site, refusals=(site_rules.ADMIN_ONLY,)),
    Route("PUT", "/site/premium", site.set_premium, Access(signed_in=True, admin=True),
          "Until when somebody counts as a premium member",
          body=site.Premium, answer=site.PremiumInfo, rate=_OFTEN,
          refusals=(site_rules.ADMIN_ONLY, planning.NO_SUCH_ACCOUNT)),

    # --- registrations
    Route("POST", "/timeslots/{timeslot_id}/registrations", registrations.register,
          Access(signed_in=True, invited=True),
          "Register for a seat",
          body=registrations.NewRegistration, answer=wire.RegistrationInfo, status=201,
          headers=("Idempotency-Key",), rate=_OFTEN,
          refusals=(NO_SUCH_TIMESLOT, registering.FULL, registering.CLOSED, registering.EXISTS,
                    *_REGISTERING)),
    Route("GET", "/timeslots/{timeslot_id}/roster.csv", export.export_csv, _EXPORTS,
          "The roster as CSV",
          produces=export.CSV, refusals=(NO_SUCH_TIMESLOT,), rate=_OFTEN),
    Route("GET", "/timeslots/{timeslot_id}/roster.xlsx", export.export_xlsx, _EXPORTS,
          "The roster as a spreadsheet",
          produces=export.XLSX, refusals=(NO_SUCH_TIMESLOT,), rate=_OFTEN),
    Route("GET", "/timeslots/{timeslot_id}/registrations", staff.list_registrations,
          _SEES_REGISTRATIONS, "Who has registered",
          query=staff.RosterQuery, answer=staff.RegistrationList, refusals=(NO_SUCH_TIMESLOT,)),
    Route("POST", "/timeslots/{timeslot_id}/people", staff.add_person, _MANAGE,
          "Give somebody a seat",
          body=staff.AddedPerson, answer=wire.RegistrationInfo, status=201, rate=_OFTEN,
          refusals=(NO_SUCH_TIMESLOT, planning.NO_SUCH_ACCOUNT, registering.CLOSED, registering.EXISTS,
                    registering.FULL, registering.NO_SUCH_SEAT, registering.SEAT_TOO_HIGH)),
    Route("POST", "/timeslots/{timeslot_id}/decisions", staff.decide_many, _MANAGE,
          "Approve or decline several requests",
          body=staff.Decisions, answer=staff.Outcomes, refusals=(NO_SUCH_TIMESLOT,)),
    Route("PUT", "/timeslots/{timeslot_id}/presenters", staff.order_presenters, _MANAGE,
          "Put the presenters in order",
          body=staff.Order, answer=staff.RegistrationList,
          refusals=(NO_SUCH_TIMESLOT, registering.QUEUE_CHANGED)),
    Route("PUT", "/seats/{seat_id}/waitlist", staff.order_waitlist, _MANAGE,
          "Put those who wait for a seat in order",
          body=staff.Order, answer=staff.RegistrationList,
          refusals=(NO_SUCH_SEAT, registering.QUEUE_CHANGED)),
    Route("GET", "/registrations/{registration_id}", registrations.show_registration,
          Access(signed_in=True, permission=Permission.REGISTRATIONS_VIEW, own=True), "A registration",
          answer=wire.RegistrationInfo, refusals=(registering.NOT_FOUND,)),
    Route("GET", "/registrations/{registration_id}/history", staff.show_history,
          Access(signed_in=True, permission=Permission.REGISTRATIONS_VIEW, own=True),
          "What became of a registration",
          answer=staff.History, refusals=(registering.NOT_FOUND,)),
    Route("PATCH", "/registrations/{registration_id}", staff.change_registration, _MANAGE,
          "Move a person to another seat, or set their status",
          body=staff.RegistrationChangeBody, answer=wire.RegistrationInfo,
          refusals=(registering.NOT_FOUND, registering.RANK, registering.SEAT_TOO_HIGH,
                    registering.FULL, registering.WRONG_MOVE, registering.NO_SUCH_SEAT)),
    Route("POST", "/registrations/{registration_id}/decision", staff.decide, _MANAGE,
          "Approve or decline a request",
          body=staff.Decision, answer=wire.RegistrationInfo,
          refusals=(registering.NOT_FOUND, registering.NOT_PENDING, registering.SEAT_TOO_HIGH,
                    registering.FULL)),
    Route("POST", "/registrations/{registration_id}/offer", registrations.answer_offer,
          Access(signed_in=True, permission=Permission.PARTICIPANTS_MANAGE, own=True),
          "Accept or decline the seat on offer to you",
          body=registrations.OfferAnswer, answer=wire.RegistrationInfo,
          refusals=(registering.NOT_FOUND, registering.NO_OFFER)),
    Route("PUT", "/registrations/{registration_id}/answers", registrations.change_answers,
          Access(signed_in=True, permission=Permission.PARTICIPANTS_MANAGE, own=True),
          "Change what was told on registering: the talk, topics, questions",
          body=registrations.Answers, answer=wire.RegistrationInfo,
          refusals=(registering.NOT_FOUND, registering.RANK)),
    Route("DELETE", "/registrations/{registration_id}", registrations.cancel_registration,
          Access(signed_in=True, permission=Permission.PARTICIPANTS_MANAGE, own=True),
          "Give up a place, or take it away",
          refusals=(registering.NOT_FOUND, registering.RANK, registering.TOO_LATE)),

    # --- mail and calendars
    Route("GET", "/sessions/{session_id}/mail", mail.list_mail, _SEES_REGISTRATIONS,
          "What was sent to whom, newest first",
          query=mail.MailQuery, answer=mail.MailList, refusals=(planning.NO_SUCH_SESSION,)),
    Route("POST", "/sessions/{session_id}/mail/{mail_id}/resend", mail.resend_mail, _MANAGE,
          "Try a mail again that could not be sent",
          answer=mail.MailInfo, rate=_OFTEN,
          refusals=(planning.NO_SUCH_SESSION, mail.NO_SUCH_MAIL, mail.NOT_FAILED, mail.SECRET_GONE)),
    Route("POST", "/sessions/{session_id}/messages/preview", mail.preview_message, _MANAGE,
          "How many people a message would reach",
          body=mail.Audience, answer=mail.Reach, rate=_OFTEN,
          refusals=(planning.NO_SUCH_SESSION, NO_SUCH_TIMESLOT)),
    Route("POST", "/sessions/{session_id}/messages", mail.send_message, _MANAGE,
          "Write to participants, by mail",
          body=mail.NewMessage, answer=mail.Reach, status=201, headers=("Idempotency-Key",),
          rate=Rate(10, 600),
          refusals=(planning.NO_SUCH_SESSION, NO_SUCH_TIMESLOT, mail.NOBODY)),
    Route("GET", "/timeslots/{timeslot_id}/calendar.ics", calendars.timeslot_calendar, ANYONE,
          "A timeslot for one's own calendar",
          produces=calendars.MEDIA_TYPE, refusals=(NO_SUCH_TIMESLOT,)),
    Route("GET", "/me/calendar", calendars.show_feed, SIGNED_IN,
          "Whether there is an address to subscribe to your calendar",
          answer=calendars.FeedInfo),
    Route("POST", "/me/calendar", calendars.new_feed, SIGNED_IN,
          "Make that address, or a new one in its place; it is shown this once",
          answer=calendars.FeedInfo, status=201, rate=_SELDOM),
    Route("DELETE", "/me/calendar", calendars.delete_feed, SIGNED_IN,
          "Remove that address: what subscribed to it gets nothing more"),

    # --- rooms
    Route("GET", "/rooms/{slug}", rooms.show_room, ANYONE,
          "The door of a room: what it is, and whether you may enter",
          answer=rooms.RoomCard, refusals=(joining.NO_SUCH_ROOM,)),
    Route("GET", "/timeslots/{timeslot_id}/media", room_media.show_media, _SEES_MEDIA,
          "How the sound and picture of everybody in the room fare",
          answer=room_media.RoomMediaInfo, refusals=(NO_SUCH_TIMESLOT,), rate=_OFTEN),
    Route("POST", "/timeslots/{timeslot_id}/ticket", rooms.issue_ticket, SIGNED_IN,
          "A ticket for one connection to the room",
          answer=rooms.TicketAnswer, rate=_OFTEN,
          refusals=(NO_SUCH_TIMESLOT, joining.ROOM_ENDED, joining.ROOM_NOT_OPEN, joining.NOT_PUBLISHED,
                    joining.CANCELLED, joining.NOT_REGISTERED, joining.PENDING, joining.TOO_LATE,
                    joining.RESTARTING)),
)
# fmt: on
