using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Enrollment;

namespace DeviceAcme.Simulator.Trials;

/// <summary>Plays one fault from the table to its end.</summary>
internal static class FaultRun
{
    /// <param name="fault">The fault.</param>
    /// <param name="start">Starts the device; it is given the name of the fault in its evidence, or null for a device that is right.</param>
    /// <param name="begin">Brings the device to the directory.</param>
    /// <exception cref="AcmeClientException">No answer, or one that is none of ACME.</exception>
    public static async Task<Outcome> Play(Fault fault, Func<string?, Task<IDevice>> start, Func<IDevice, Trial> begin)
    {
        try
        {
            await using var device = await start(fault.Play is null ? fault.Name : null);
            using var trial = begin(device);
            return fault.Play is null ? await Enroll(trial) : await fault.Play(trial);
        }
        catch (RefusedException refused)
        {
            return refused.Outcome;
        }
        catch (AcmeClientException failure) when (failure.Problem is not null)
        {
            return Trial.Of(failure);
        }
    }

    private static async Task<Outcome> Enroll(Trial trial)
    {
        var order = await trial.Issued();
        return new Outcome("finalize", 200, null, null, $"a certificate, {order.Value.Certificate}");
    }
}
