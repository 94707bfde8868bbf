using System.Globalization;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Tpm;

/// <summary>
/// Nobody is known at the attestation CA: an endorsement certificate can be copied and its exchange begun by anybody. So what an exchange leaves
/// behind is bounded: open exchanges in all and per endorsement key; refusals by their quota.
/// </summary>
internal static class ActivationLimits
{
    /// <summary>Open exchanges of all TPMs; each is a row with its request.</summary>
    public const int Open = 1000;

    /// <summary>Open exchanges of one endorsement key: a machine's retries, not a flood in its name.</summary>
    public const int OpenPerKey = 8;

    /// <summary>How long an ended exchange is remembered, so that a late client hears what happened.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    /// <summary>Adds an exchange in the transaction of its commit, after those that nobody asks for any more are gone.</summary>
    public static void Add(AcmeContext context, Activation activation)
    {
        var now = activation.CreatedAt;
        var forgotten = now - Remembered;
        context.RemoveAtOnce(context.Activations.Where(row => row.Expires < forgotten));
        Require(context.Activations.Count(row => row.Expires > now && row.UsedAt == null), Open, "in all");
        Require(context.Activations.Count(row => row.EndorsementKeyHash == activation.EndorsementKeyHash && row.Expires > now && row.UsedAt == null), OpenPerKey, "of this endorsement key");
        context.Activations.Add(activation);
    }

    private static void Require(int open, int most, string whose)
    {
        if (open >= most)
        {
            var seconds = (int)Activation.Lifetime.TotalSeconds;
            throw Problems.RateLimited(
                "too-many-activations", string.Create(CultureInfo.InvariantCulture, $"there are {open} open exchanges {whose}, at most {most} are kept; each ends after {seconds} seconds"), seconds);
        }
    }
}
