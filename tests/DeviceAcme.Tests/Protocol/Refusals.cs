using DeviceAcme.Protocol.Acme;
using FluentAssertions;

namespace DeviceAcme.Tests.Protocol;

/// <summary>Says what problem a call must end with.</summary>
internal static class Refusals
{
    public static Problem ShouldRefuse(this Func<object?> call, string type, string reason)
    {
        var problem = call.Should().Throw<ProblemException>().Which.Problem;
        problem.Type.Should().Be(Problems.Namespace + type);
        problem.Reason.Should().Be(reason, problem.Detail);
        return problem;
    }
}
