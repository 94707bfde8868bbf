namespace DeviceAcme.Simulator.Scenarios;

/// <summary>The words of steps.</summary>
internal static class StepActions
{
    public static IReadOnlyList<(StepAction Action, string Word, string About)> All { get; } =
    [
        (StepAction.Enroll, "enroll", "the device orders, proves and gets a certificate; with the account that it has, or a new one"),
        (StepAction.Renew, "renew", "the device that has a certificate gets another, with the same account and a new key"),
        (StepAction.Collect, "collect", "the device takes the certificate of an order that waited for an officer"),
        (StepAction.Revoke, "revoke", "the device revokes its last certificate"),
        (StepAction.ChangeKey, "change-key", "the device changes the key of its account"),
        (StepAction.Deactivate, "deactivate", "the device gives its account up"),
        (StepAction.Block, "block", "an administrator blocks the device in the ledger"),
        (StepAction.Unblock, "unblock", "an administrator takes the device back"),
        (StepAction.Quarantine, "quarantine", "an administrator sets the device aside"),
        (StepAction.Retire, "retire", "an administrator takes the device out of service"),
        (StepAction.Approve, "approve", "an officer lets the device's waiting order go on"),
        (StepAction.Refuse, "refuse", "an officer ends the device's waiting order"),
        (StepAction.RevokeTicket, "revoke-ticket", "an administrator takes a ticket back"),
        (StepAction.Wait, "wait", "time passes, at most 60s"),
    ];

    public static string Word(this StepAction action) => All.Single(entry => entry.Action == action).Word;

    public static bool NeedsAdministrator(this StepAction action) => action is StepAction.Block or StepAction.Unblock or StepAction.Quarantine or StepAction.Retire
        or StepAction.Approve or StepAction.Refuse or StepAction.RevokeTicket;
}
