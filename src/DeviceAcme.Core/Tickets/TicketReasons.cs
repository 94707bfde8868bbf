using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Tickets;

/// <summary>Why a ticket is not taken, whichever way it is presented.</summary>
internal static class TicketReasons
{
    /// <summary>The name of the check.</summary>
    public const string Check = "ticket";

    public const string Rule = "the ticket can be used, here and by this account, and its device is the one that proves itself";

    public const string StillGoodRule = "the ticket was not taken back since it was used";

    public static Reason Unknown { get; } = Row("ticket-unknown", "No ticket has this value: the ClientIdentifier must be the ticket's, unchanged; an administrator makes tickets with 'deviceacme ticket add'.");
    public static Reason Used { get; } = Row("ticket-used", "The ticket was used as often as it may be: an administrator makes a new one.");
    public static Reason Expired { get; } = Row("ticket-expired", "The ticket was not used in time: an administrator makes a new one.");
    public static Reason Revoked { get; } = Row("ticket-revoked", "An administrator took the ticket back.");
    public static Reason OtherProfile { get; } = Row("ticket-of-other-profile", "The ticket is for another directory: use the URL that it was given out with.");
    public static Reason OtherAccount { get; } = Row("ticket-of-other-account", "Another account used the ticket: it is worth nothing to anybody else. If that was not your device, revoke the ticket with its accounts.");
    public static Reason DeviceDifferent { get; } = Row("ticket-device-different", "The ticket is for another device of the ledger than the one that proves itself: each device needs its own.");
    public static Reason DeviceUnproven { get; } = Row("ticket-device-unproven", "The ticket is for a device of the ledger, and the evidence has no name to recognize it by: tie the ticket to an entry without hardware names, or to none.");

    public static IReadOnlyList<Reason> All { get; } = [Unknown, Used, Expired, Revoked, OtherProfile, OtherAccount, DeviceDifferent, DeviceUnproven];

    private static Reason Row(string code, string advice) => new(code, "ticket", advice);
}
