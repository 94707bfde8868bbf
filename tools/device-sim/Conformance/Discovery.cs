using System.Security.Cryptography;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Conformance;

/// <summary>Finds out by asking which kinds of device a server takes, and in which of its directories.</summary>
internal sealed class Discovery(HttpClient http, TimeProvider time, TimeSpan limit, CancellationToken cancellation)
{
    /// <summary>Reads a directory, and looks whether an account can be made there at all: said once, and not as hundreds of rows that fail.</summary>
    /// <param name="external">The external account at hand.</param>
    /// <param name="alone">Whether it is the only directory: then an external account is meant for it.</param>
    public async Task<ConformanceDirectory> Look(string url, ExternalAccountCredential? external, bool alone)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var client = new AcmeClient(http, url, JwsSigner.For(key), new AcmeClientOptions { Time = time, RequestTimeout = limit, UserAgent = "device-sim" });
        try
        {
            var found = await client.Directory(cancellation);
            var wanted = AccountFor(found, external, alone);
            if (found.Meta?.ExternalAccountRequired == true && wanted is null)
            {
                throw new SimulatorException($"{url} wants external accounts", "--eab-key-id and --eab-key name one that may be used again and again");
            }

            await client.Register(new AccountRegistration { TermsOfServiceAgreed = true, ExternalAccount = wanted }, cancellation);
            return new ConformanceDirectory(url, found.Meta, wanted);
        }
        catch (AcmeClientException failure) when (failure.Step == "newAccount" && IsAnswered(failure))
        {
            // made, and told wrongly: that is for the report to say
            var found = await client.Directory(cancellation);
            return new ConformanceDirectory(url, found.Meta, AccountFor(found, external, alone));
        }
        catch (AcmeClientException failure)
        {
            throw new SimulatorException(
                failure.Step == "newAccount" ? $"no account can be made at {url}: {failure.Message}" : failure.Message,
                failure.Status is null ? "does the server run, and are --directory and --ca right?" : failure.Problem is null ? "is --directory the URL of an ACME directory?" : null);
        }
    }

    /// <summary>Brings a kind of device to each directory until one takes it; else the one where it came furthest.</summary>
    public async Task<ConformanceTarget> Find(string kind, IReadOnlyList<ConformanceDirectory> directories, Func<ConformanceDirectory, CancellationToken, Task<IDevice>> start)
    {
        ConformanceTarget? best = null;
        foreach (var directory in directories)
        {
            var found = await Ask(kind, directory, start);
            best = best is null || found.Welcome > best.Welcome ? found : best;
            if (best.Welcome == Welcome.Enrolled)
            {
                break;
            }
        }

        return best!;
    }

    private static ExternalAccountCredential? AccountFor(DirectoryObject found, ExternalAccountCredential? external, bool alone) =>
        found.Meta?.ExternalAccountRequired == true || alone ? external : null;

    // the server took the request, and its answer is none of ACME's
    private static bool IsAnswered(AcmeClientException failure) => failure.Status is >= 200 and < 300;

    private async Task<ConformanceTarget> Ask(string kind, ConformanceDirectory directory, Func<ConformanceDirectory, CancellationToken, Task<IDevice>> start)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        enough.CancelAfter(limit);
        var reached = Welcome.NoOrder;
        try
        {
            await using var device = await start(directory, enough.Token);
            using var trial = new Trial(http, directory.Url, device, time, enough.Token) { ExternalAccount = directory.External };
            var order = await trial.Ordered();
            reached = Welcome.NoChallenge;
            await trial.Challenge(order.Value);
            reached = Welcome.Refused;
            await trial.Issued(order);
            return new ConformanceTarget(kind, directory, Welcome.Enrolled, "enrolled");
        }
        catch (RefusedException refused)
        {
            return new ConformanceTarget(kind, directory, reached, refused.Outcome.ToString());
        }
        catch (AcmeClientException failure) when (failure is { Status: null, Problem: null } && reached == Welcome.NoOrder && failure.Step == "newOrder")
        {
            throw new SimulatorException($"the server answers no more: {failure.Message}", "does it still run?");
        }
        catch (AcmeClientException failure)
        {
            return new ConformanceTarget(kind, directory, IsAnswered(failure) ? Welcome.Refused : reached, $"{failure.Step}: {failure.Message}");
        }
        catch (SimulatorException cannot)
        {
            return new ConformanceTarget(kind, directory, reached, cannot.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            if (reached == Welcome.NoOrder)
            {
                throw new SimulatorException($"the server does not answer newOrder at {directory.Url} within {limit.TotalSeconds:0} s", "--case-timeout gives more time");
            }

            return new ConformanceTarget(kind, directory, reached, $"no end within {limit.TotalSeconds:0} s");
        }
    }
}
