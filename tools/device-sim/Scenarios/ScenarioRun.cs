using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>A scenario and what came of it.</summary>
/// <param name="File">Its file.</param>
/// <param name="Scenario">The scenario.</param>
/// <param name="Missed">The step that led to something else than expected; null where all was as expected.</param>
/// <param name="Differences">What differed there, a line each.</param>
/// <param name="Duration">How long all of it took.</param>
internal sealed record ScenarioResult(ScenarioFile File, Scenario Scenario, Step? Missed, IReadOnlyList<string> Differences, TimeSpan Duration)
{
    public bool AsExpected => Missed is null && Differences.Count == 0;
}

/// <summary>Plays scenarios, one after the other; each ends with the first step that leads to something else than expected.</summary>
internal sealed class ScenarioRun(ScenarioSurroundings around)
{
    public async Task<ScenarioResult> Play(ScenarioFile file, Scenario scenario, CancellationToken cancellation)
    {
        var start = around.Time.GetTimestamp();
        Step? at = null;
        IReadOnlyList<string> missed;
        try
        {
            await using var stage = await Stage.Set(file, scenario, around, cancellation);
            missed = [];
            foreach (var step in scenario.Steps)
            {
                at = step;
                missed = await Differences(stage, file, step, cancellation);
                if (missed.Count > 0)
                {
                    break;
                }
            }

            await stage.Clear(cancellation);
        }
        catch (RefusedException refused)
        {
            missed = [$"the scenario cannot begin: {refused.Outcome}"];
        }
        catch (SimulatorException failure)
        {
            missed = [failure.Hint is null ? failure.Message : $"{failure.Message} ({failure.Hint})"];
        }

        return new ScenarioResult(file, scenario, missed.Count > 0 ? at : null, missed, around.Time.GetElapsedTime(start));
    }

    private async Task<IReadOnlyList<string>> Differences(Stage stage, ScenarioFile file, Step step, CancellationToken cancellation)
    {
        IReadOnlyList<string> missed;
        try
        {
            var device = step.Action is StepAction.Wait or StepAction.RevokeTicket ? null : stage.Device(step.Subject);
            missed = await (device is null || step.Action.NeedsAdministrator() ? Administer(stage, device, step, cancellation) : Act(device, step, cancellation));
        }
        catch (AcmeClientException failure)
        {
            missed = Refused(step, Trial.Of(failure));
        }
        catch (RefusedException refused)
        {
            missed = Refused(step, refused.Outcome);
        }
        catch (SimulatorException failure)
        {
            missed = [failure.Hint is null ? failure.Message : $"{failure.Message} ({failure.Hint})"];
        }

        return missed.Count == 0 && step.Expected.Ledger is { } state ? await Ledger(stage, file, step, state, cancellation) : missed;
    }

    private async Task<IReadOnlyList<string>> Act(DeviceInPlay device, Step step, CancellationToken cancellation)
    {
        switch (step.Action)
        {
            case StepAction.Enroll when step.Fault is { Play: not null } fault:
                return Judge(step, await device.Play(step, fault, cancellation));
            case StepAction.Renew when !device.HasCertificate:
                return [$"{step.Subject} has no certificate to renew"];
            case StepAction.Enroll or StepAction.Renew:
                return await device.Enroll(step, cancellation) is { } certificate
                    ? Certificate(device, step, certificate)
                    : [];
            case StepAction.Collect:
                return Certificate(device, step, await device.Collect(cancellation));
            case StepAction.Revoke:
                await device.Revoke(step, cancellation);
                break;
            case StepAction.ChangeKey:
                await device.ChangeKey(cancellation);
                break;
            default:
                await device.Deactivate(cancellation);
                break;
        }

        return Judge(step, new Outcome(step.Action.Word(), 200, null, null, "done"));
    }

    private async Task<IReadOnlyList<string>> Administer(Stage stage, DeviceInPlay? device, Step step, CancellationToken cancellation)
    {
        switch (step.Action)
        {
            case StepAction.Wait:
                await Task.Delay(step.Pause, around.Time, cancellation);
                break;
            case StepAction.RevokeTicket:
                await stage.Administrator.RevokeTicket(stage.Ticket(step.Subject).Id, step.Because ?? "scenario", cancellation);
                break;
            case StepAction.Approve:
                await stage.Administrator.Approve(Order(device!), step.Because, cancellation);
                break;
            case StepAction.Refuse:
                await stage.Administrator.Refuse(Order(device!), step.Because ?? "scenario", cancellation);
                break;
            default:
                await stage.Move(device!.Declared, step, cancellation);
                break;
        }

        return Judge(step, new Outcome(step.Action.Word(), 200, null, null, "done"));
    }

    private static string Order(DeviceInPlay device) => device.OrderId ?? throw new SimulatorException($"{device.Declared.Name} has no order yet");

    private static IReadOnlyList<string> Refused(Step step, Outcome outcome) => Judge(step, outcome);

    // what the step led to, where that is no certificate
    private static IReadOnlyList<string> Judge(Step step, Outcome outcome)
    {
        var missed = step.Expected.Refused is { } refusal ? outcome.Problem is null ? $"expected a refusal, found {outcome}" : refusal.Missed(outcome)
            : step is { Fault: { } fault, Expected: { Certificate: null, Waiting: false } } ? fault.Expected.Missed(outcome)
            : outcome.Problem is null ? null
            : $"expected {(step.Expected.Waiting ? "an order that waits" : "no refusal")}, found {outcome}";
        return missed is null ? [] : [missed];
    }

    private static IReadOnlyList<string> Certificate(DeviceInPlay device, Step step, CertificateFacts found)
    {
        if (step.Expected.Refused is not null)
        {
            return [$"expected a refusal, found a certificate with {Described(found)}"];
        }

        if (step.Expected.Waiting)
        {
            return [$"expected an order that waits for an officer, found a certificate with {Described(found)}"];
        }

        if (step is { Fault: { } fault, Expected.Certificate: null } && fault.Expected.Missed(new Outcome("finalize", 200, null, null, "a certificate was issued")) is { } missed)
        {
            return [missed];
        }

        List<string> differences = [.. step.Expected.Certificate?.Missed(found, Fill) ?? []];
        if (!device.IsForItsKey(found))
        {
            differences.Add("the certificate has another key than the request");
        }

        return differences;

        string Fill(string text) => text.Replace("{{identifier}}", device.Identifier, StringComparison.Ordinal).Replace("{{ticket}}", device.TicketId ?? "", StringComparison.Ordinal);
    }

    private static string Described(CertificateFacts certificate) =>
        $"subject {(certificate.Text.Subject.Length == 0 ? "(empty)" : certificate.Text.Subject)} and names [{string.Join(", ", certificate.Text.Names)}]";

    private static async Task<IReadOnlyList<string>> Ledger(Stage stage, ScenarioFile file, Step step, string state, CancellationToken cancellation)
    {
        try
        {
            var found = file.Devices.TryGetValue(step.Subject, out var device) ? (await stage.Entry(device, cancellation))?.State ?? "unknown" : "unknown";
            return found == state ? [] : [$"ledger: expected {step.Subject} to be {state}, found {found}"];
        }
        catch (RefusedException refused)
        {
            return [$"ledger: {refused.Outcome}"];
        }
    }
}
